import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder } from '../folder.ts'
import { accountFor, as, canEnter, type Account } from './account.ts'
import { findBinaries, type Binaries } from './binaries.ts'

/** The role that owns the cluster; its password lies in the file `password`. */
export const administrator = 'cutover'
const major = '18'
const initdbTimeoutMs = 120_000

/** A cluster on disk, ready to be started. */
export interface Cluster {
  readonly data: string
  readonly account: Account | null
  readonly binaries: Binaries
  readonly password: string
}

/** Opens the cluster below `directory`, or makes one. An `initdb` that was interrupted is begun again. */
export async function openCluster(directory: string, log: (line: string) => void): Promise<Cluster> {
  await makeFolder(directory)
  const placed = await readlink(join(directory, 'data')).catch(() => join(directory, 'data'))
  const account = await accountFor(placed)
  const binaries = await findBinaries(account)
  const data = account === null ? placed : await reachablePlace(directory, account, log)
  const password = await passwordOf(directory)
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new Error(
      `cannot read the data of PostgreSQL in ${data}: ${error.message}. Start as the user who made them, or choose another CUTOVER_HOME.`,
      { cause: error },
    )
  })
  if (version === null) await create(data, account, binaries, password)
  else if (version.trim() !== major) {
    throw new Error(
      `the data in ${data} were made by PostgreSQL ${version.trim()}, and this is ${major}. Choose another CUTOVER_HOME, or delete that directory.`,
    )
  }
  return { data, account, binaries, password }
}

/**
 * Where the server's user can get at its data: below `directory` if all folders above let it through, else
 * below /var/lib/cutover with a link in `directory`. (A project in /root is closed to everyone but root.)
 */
async function reachablePlace(directory: string, account: Account, log: (line: string) => void): Promise<string> {
  const data = join(directory, 'data')
  const present = await lstat(data).catch(() => null)
  if (present?.isSymbolicLink() === true) return readlink(data)
  await chmod(directory, 0o711)
  if (canEnter(account, directory)) return data
  if (present !== null) {
    throw new Error(
      `PostgreSQL runs as ${account.name} and cannot enter ${directory}. Make the folders above it searchable (chmod o+x), or choose another CUTOVER_HOME.`,
    )
  }
  const place = join('/var/lib/cutover', randomBytes(6).toString('hex'))
  await mkdir(place, { recursive: true, mode: 0o711 })
  await symlink(join(place, 'data'), data)
  log(`${directory} is closed to the user ${account.name}: PostgreSQL keeps its data in ${place}`)
  return join(place, 'data')
}

async function passwordOf(directory: string): Promise<string> {
  const file = join(directory, 'password')
  const made = randomBytes(24).toString('base64url')
  try {
    await writeFile(file, made, { mode: 0o600, flag: 'wx' })
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const stored = (await readFile(file, 'utf8')).trim()
  if (stored !== '') return stored
  throw new Error(`${file} is empty: the password of PostgreSQL is lost. Restore it, or delete ${directory} to begin with empty databases.`)
}

/** Makes the cluster beside its place and renames it, so that a cluster that exists is whole. */
async function create(data: string, account: Account | null, binaries: Binaries, password: string): Promise<void> {
  const making = `${data}.new`
  const passwordFile = `${data}.password`
  await rm(making, { recursive: true, force: true })
  await mkdir(dirname(data), { recursive: true })
  await mkdir(making, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  try {
    if (account !== null) for (const path of [making, passwordFile]) await chown(path, account.uid, account.gid)
    const settings = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${administrator}`, `--pwfile=${passwordFile}`]
    await runToEnd(binaries.initdb, ['-D', making, ...settings], account, making)
    // Takes the place of nothing or of an empty folder; anything else there is not ours to delete.
    await rename(making, data)
  } finally {
    await rm(passwordFile, { force: true })
    await rm(making, { recursive: true, force: true })
  }
}

function runToEnd(program: string, args: readonly string[], account: Account | null, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...as(account), cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: initdbTimeoutMs })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
    child.on('error', error => reject(new Error(`cannot run ${program}: ${error.message}`, { cause: error })))
    child.on('close', code => {
      if (code === 0) resolve()
      else reject(new Error(`initdb could not make the databases in ${cwd}:\n${said.trim().split('\n').slice(-10).join('\n')}`))
    })
  })
}
