// The whole school in this process: three services with databases and a log of their own, calling each other by HTTP, and
// the engine over them. What they log is kept, at the most talkative level.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openPostgresLog } from '../cutover/broker/postgres/log.ts'
import type { Broker } from '../cutover/broker/broker.ts'
import { formatCapabilities, possibleCapabilities, startingCapabilities } from '../cutover/contract/capability.ts'
import { openDatabase } from '../cutover/database/database.ts'
import { type Claims, generateKeyPair, openSigner, type Signer } from '../cutover/http/tokens.ts'
import { systemClock } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import type { Running } from '../cutover/process/process.ts'
import { environmentOf } from '../cutover/service/environment.ts'
import { openService, type ServiceDefinition } from '../cutover/service/service.ts'
import { openEngine } from '../engine/engine.ts'
import { openDirectory } from '../engine/services/directory.ts'
import { bonuses } from '../school/bonuses/service.ts'
import { events } from '../school/contracts/events.ts'
import { links } from '../school/contracts/links.ts'
import { hiring } from '../school/hiring/service.ts'
import { management } from '../school/management/service.ts'
import { expectations } from '../school/operations/expectations.ts'
import { planFor } from '../school/plans/plans.ts'
import { freshDatabase, type TestDatabase } from './database.ts'

export const names = ['management', 'hiring', 'bonuses'] as const
export type Name = (typeof names)[number]
const definitions: Readonly<Record<Name, ServiceDefinition>> = { management, hiring, bonuses }

export interface SchoolAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface School {
  readonly urls: Readonly<Record<Name | 'engine', string>>
  readonly databases: Readonly<Record<Name | 'engine', TestDatabase>>
  readonly broker: Broker
  /** All lines that were logged so far. */
  readonly lines: readonly string[]
  signer(issuer: Name | 'engine' | 'people' | 'stranger'): Signer
  call(
    to: Name | 'engine',
    method: string,
    path: string,
    more?: { as?: As; body?: unknown; headers?: Record<string, string> },
  ): Promise<SchoolAnswer>
  /** Waits until it is so. */
  until(what: string, is: () => Promise<boolean>): Promise<void>
  stop(): Promise<void>
}

/** Whose token is shown: a person's, that of a service over a link, or the engine's. */
export type As = { readonly role: string; readonly subject: string } | { readonly from: Name; readonly link: string } | 'operator'

// The port of the discard protocol, where nothing listens.
const nobody = 'http://127.0.0.1:9'
const operatorToken = 'the-operators-token'

export interface SchoolOptions {
  /** Services that others look for where nobody is. */
  readonly away?: Readonly<Partial<Record<Name, readonly Name[]>>>
  /** What the services can do: everything, unless only what the starting routes need. */
  readonly able?: 'all' | 'needed'
}

export async function openSchool(context: TestContext, { away = {}, able = 'all' }: SchoolOptions = {}): Promise<School> {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-school-'))
  const issuers = [...names, 'engine', 'people', 'stranger'] as const
  const trusted: Record<string, object> = {}
  const signers = new Map<string, Signer>()
  for (const issuer of issuers) {
    const { privateJwk, publicJwk } = await generateKeyPair()
    const privateKeyFile = join(folder, `${issuer}.json`)
    await writeFile(privateKeyFile, JSON.stringify(privateJwk), { mode: 0o600 })
    signers.set(issuer, await openSigner({ issuer, privateKeyFile }))
    if (issuer !== 'stranger') trusted[issuer] = publicJwk
  }
  const trustedKeysFile = join(folder, 'trusted.json')
  await writeFile(trustedKeysFile, JSON.stringify(trusted))
  const ports = await freePorts(names.length)
  const urls = Object.fromEntries(names.map((name, at) => [name, `http://127.0.0.1:${ports[at]}`])) as Record<Name, string>
  const logDatabase = await freshDatabase()
  const databases = Object.fromEntries(await Promise.all([...names, 'engine'].map(async name => [name, await freshDatabase()] as const)))

  const lines: string[] = []
  const logOf = (service: string): ReturnType<typeof openLog> =>
    openLog({ service, instance: '1', level: 'debug' }, { write: line => void lines.push(line) })
  const started: Running[] = []
  const start = async (parts: readonly Running[]): Promise<void> => {
    for (const part of parts) {
      started.push(part)
      await part.start()
    }
  }
  const services = await Promise.all(
    names.map(async (name, at) => {
      const environment = environmentOf(definitions[name], {
        DATABASE_URL: databases[name]?.url,
        LOG_DATABASE_URL: logDatabase.url,
        PORT: String(ports[at]),
        INSTANCE: '1',
        PRIVATE_KEY_FILE: join(folder, `${name}.json`),
        TRUSTED_KEYS_FILE: trustedKeysFile,
        SERVICE_URLS: JSON.stringify(
          Object.fromEntries(names.map(one => [one, [away[name]?.includes(one) === true ? nobody : urls[one]]])),
        ),
        CAPABILITIES: formatCapabilities((able === 'all' ? possibleCapabilities : startingCapabilities)(links, name)),
        DATABASE_CONNECTIONS: '6',
      })
      return openService(definitions[name], environment, logOf(name))
    }),
  )
  for (const { parts } of services) await start(parts)

  const signerOf = (issuer: string): Signer => signers.get(issuer) as Signer
  const engine = await openEngine(
    { links, events, planFor, expectations, ledger: 'bonuses' },
    {
      database: openDatabase({ url: databases['engine']?.url ?? '', name: 'engine', connectionsMax: 4, onIdleError: () => undefined }),
      directory: openDirectory(Object.fromEntries(names.map(name => [name, [urls[name]]])), signerOf('engine')),
      deployer: null,
      name: 'test',
      port: 0,
      operatorToken,
      approverToken: null,
      approvals: false,
      consoleFolder: null,
      log: logOf('engine'),
    },
  )
  await start(engine.parts)
  const broker = openPostgresLog({ url: logDatabase.url, name: 'test', log: logOf('test') })

  let stopped: Promise<void> | undefined
  async function stopAll(): Promise<void> {
    await broker.close()
    for (const part of started.toReversed()) await part.stop()
    for (const database of [logDatabase, ...Object.values(databases)]) await database.drop()
    await rm(folder, { recursive: true })
  }
  const stop = (): Promise<void> => (stopped ??= stopAll())
  context.after(stop)

  const tokenFor = (to: Name | 'engine', as: As): Promise<string> | string => {
    if (as === 'operator') return to === 'engine' ? operatorToken : signerOf('engine').token({ audience: to })
    const claims: Claims = 'role' in as ? { audience: to, ...as } : { audience: to, link: as.link }
    return signerOf('role' in as ? 'people' : as.from).token(claims)
  }

  return {
    urls: { ...urls, engine: engine.server.url },
    databases: databases as Record<Name | 'engine', TestDatabase>,
    broker,
    lines,
    signer: signerOf,
    async call(to, method, path, { as, body, headers = {} } = {}) {
      const base = to === 'engine' ? engine.server.url : urls[to]
      const answer = await fetch(`${base}${path}`, {
        method,
        headers: {
          ...(as === undefined ? {} : { authorization: `Bearer ${await tokenFor(to, as)}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      const isJson = /json/.test(answer.headers.get('content-type') ?? '')
      return { status: answer.status, headers: answer.headers, text, body: isJson && text !== '' ? JSON.parse(text) : {} }
    },
    async until(what, is) {
      for (let look = 0; !(await is()); look++) {
        if (look > 600) throw new Error(`not in a minute: ${what}`)
        await systemClock.sleep(100)
      }
    },
    stop,
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>(resolve => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}
