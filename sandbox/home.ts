import { randomBytes } from 'node:crypto'
import { access, chmod, constants, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder } from './folder.ts'
import { ensureKeys } from './keys.ts'
import { isFree, portHolder } from './port-holder.ts'
import { writePrivate } from './private-file.ts'

const defaultPort = 4400
const portsUsed = 100

/** Why a system cannot be started, in one line for a person, and the exit code that says so to a program. */
export class StartRefused extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartRefused'
    this.exitCode = exitCode
  }
}

/** Exit codes of a refused start, as sysexits.h numbers them. */
export const exitCodes = { usage: 64, unavailable: 69, cannotCreate: 73 } as const

/** The directory that holds everything of one running system, and the ports that it may use. */
export interface Home {
  readonly directory: string
  /** The first of the ports; the others follow it. */
  readonly firstPort: number
  readonly postgres: string
  readonly logs: string
  readonly keys: string
  readonly trustedKeysFile: string
  readonly operatorTokenFile: string
  /** Of the second person, who approves what cannot be undone. */
  readonly approverTokenFile: string
  /** Whether that person is asked for. */
  readonly approvals: boolean
  readonly runFile: string
  /** What is deployed of each service; kept from one start to the next. */
  readonly deploymentsFile: string
  privateKeyFile(issuer: string): string
}

/** Reads CUTOVER_HOME, CUTOVER_PORT and CUTOVER_APPROVALS. Touches nothing yet. */
export function homeFrom(environment: NodeJS.ProcessEnv): Home {
  const directory = resolve(set(environment['CUTOVER_HOME']) ?? '.cutover')
  const keys = join(directory, 'keys')
  return {
    directory,
    firstPort: portFrom(set(environment['CUTOVER_PORT'])),
    postgres: join(directory, 'postgres'),
    logs: join(directory, 'logs'),
    keys,
    trustedKeysFile: join(keys, 'trusted-keys.json'),
    operatorTokenFile: join(directory, 'operator-token'),
    approverTokenFile: join(directory, 'approver-token'),
    approvals: approvalsFrom(set(environment['CUTOVER_APPROVALS'])),
    runFile: join(directory, 'run.json'),
    deploymentsFile: join(directory, 'deployments.json'),
    privateKeyFile: issuer => join(keys, `${issuer}.json`),
  }
}

/** An empty variable counts as absent. */
const set = (value: string | undefined): string | undefined => (value === '' ? undefined : value)

function portFrom(text: string | undefined): number {
  if (text === undefined) return defaultPort
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1024 && port <= 65535 - portsUsed) return port
  throw new StartRefused(
    `CUTOVER_PORT is "${text.slice(0, 40)}": it must be a whole number from 1024 to ${65535 - portsUsed}, the first of the ports to use.`,
    exitCodes.usage,
  )
}

function approvalsFrom(text: string | undefined): boolean {
  if (text === undefined || text === 'off') return false
  if (text === 'on') return true
  throw new StartRefused(
    `CUTOVER_APPROVALS is "${text.slice(0, 40)}": it must be "on", if a second person has to approve what cannot be undone, or "off".`,
    exitCodes.usage,
  )
}

/** Makes what is missing: folders, a key pair per issuer, the operator's token and, if there is one, the approver's. What exists stays as it is. */
export async function prepareHome(home: Home, issuers: readonly string[]): Promise<void> {
  try {
    for (const folder of [home.directory, home.logs, home.keys]) await makeFolder(folder)
    await access(home.directory, constants.W_OK | constants.X_OK)
    // PostgreSQL does not run as root: its user must get through to its own folder, without seeing the rest.
    if (process.getuid?.() === 0) await chmod(home.directory, 0o711)
    await ensureKeys(home.keys, home.trustedKeysFile, issuers)
    await ensureToken(home.operatorTokenFile)
    if (home.approvals) await ensureToken(home.approverTokenFile)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'ENOENT'].includes(code ?? '')) throw error
    throw new StartRefused(
      `cannot write in ${home.directory} (${(error as Error).message}). Let CUTOVER_HOME name a directory that this user may write to.`,
      exitCodes.cannotCreate,
      { cause: error },
    )
  }
}

async function ensureToken(file: string): Promise<void> {
  const token = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (token.trim().length >= 32) return
  await writePrivate(file, `${randomBytes(32).toString('base64url')}\n`)
}

/** Refuses to start when somebody listens on one of the ports: `uses` says what each is for. */
export async function requireFreePorts(uses: ReadonlyMap<number, string>): Promise<void> {
  for (const [port, use] of uses) {
    if (await isFree(port)) continue
    const holder = await portHolder(port)
    throw new StartRefused(
      `port ${port} (for ${use}) is taken${holder === null ? '' : ` by ${holder}`}. End that program, or set CUTOVER_PORT to the first of ${portsUsed} other ports.`,
      exitCodes.unavailable,
    )
  }
}
