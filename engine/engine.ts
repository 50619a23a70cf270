import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { LinkContract } from 'cutover/contract'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { type Server, openServer, tokenDigest } from 'cutover/http/server'
import { openSigner } from 'cutover/http/tokens'
import { type Running, fail, runProcess } from 'cutover/process'
import { systemClock } from 'cutover/process/clock'
import { type Log, openLog } from 'cutover/process/log'
import { readEngineEnvironment } from './environment.ts'
import { gatherLinks } from './links/gather.ts'
import { openMover } from './links/move.ts'
import { type Lease, openLease } from './lease/lease.ts'
import { engineRoutes } from './routes.ts'
import { readLedger } from './services/answers.ts'
import { booksOf } from './services/books.ts'
import { type Directory, openDirectory } from './services/directory.ts'
import type { Expectation } from './verify/expectation.ts'
import { verifyAll } from './verify/report.ts'

/** The system that an engine moves: its links, what verify expects of them, and who keeps the money. */
export interface EngineDefinition {
  readonly links: readonly LinkContract[]
  readonly expectations: readonly Expectation[]
  /** The service that answers `GET /operator/ledger`; null for a system without money. */
  readonly ledger: string | null
}

export interface EngineResources {
  readonly database: Database
  readonly directory: Directory
  readonly lease: Lease
  readonly port: number
  /** What the operator has to show. */
  readonly operatorToken: string
  readonly log: Log
}

const sql = fileURLToPath(new URL('sql', import.meta.url))
const connectionsMax = 8
const ledgerCall = { method: 'GET', path: '/operator/ledger', deadlineMs: 60_000 } as const

/** Runs the engine until it is told to stop. Reads its configuration from the environment. */
export async function runEngine(definition: EngineDefinition): Promise<void> {
  try {
    const environment = readEngineEnvironment()
    const log = openLog({ service: 'engine', instance: environment.INSTANCE, level: environment.LOG_LEVEL })
    const database = openDatabase({
      url: environment.ENGINE_DATABASE_URL,
      name: environment.INSTANCE,
      connectionsMax,
      onIdleError: error => log.debug({ err: error }, 'database: an idle connection was closed'),
    })
    const signer = await openSigner({ issuer: 'engine', privateKeyFile: environment.PRIVATE_KEY_FILE })
    const directory = openDirectory(environment.SERVICE_URLS, signer)
    const operatorToken = (await readFile(environment.OPERATOR_TOKEN_FILE, 'utf8')).trim()
    const lease = openLease(database, `${environment.INSTANCE} ${process.pid}`, systemClock, log)
    const server = await openEngine(definition, { database, directory, lease, port: environment.PORT, operatorToken, log })
    await runProcess([engineStores(database, directory), lease, server], { log })
  } catch (error) {
    fail(error)
  }
}

/** The engine's server over resources that are there. Listens from `start` on. */
export function openEngine({ links, expectations, ledger }: EngineDefinition, resources: EngineResources): Promise<Server> {
  const { database, directory, lease, log } = resources
  // A mistake of the program that composes the engine is told when it starts, not when somebody verifies.
  for (const { link } of expectations) linkOf(links, link)
  const routes = engineRoutes({
    database,
    mover: openMover(links, directory, database, lease, systemClock),
    gather: () => gatherLinks(links, directory, database),
    verify: () =>
      verifyAll({
        expectations,
        booksOf: id => booksOf(linkOf(links, id), directory),
        ledger: ledger === null ? null : async () => readLedger(await directory.ask(ledger, ledgerCall)),
        now: () => performance.now(),
      }),
  })
  return openServer({
    service: 'engine',
    port: resources.port,
    routes,
    verifier: null,
    operatorTokenDigest: tokenDigest(resources.operatorToken),
    log,
    ready: async () => ({ database: await database.answers().then(() => 'ok', String) }),
  })
}

/** Installs the engine's tables at the start and closes what it holds at the end. */
export const engineStores = (database: Database, directory: Directory): Running => ({
  name: 'stores',
  start: () => installMigrations(database, [{ name: 'engine', folder: sql }]),
  async stop() {
    await directory.close()
    await database.close()
  },
})

function linkOf(links: readonly LinkContract[], id: string): LinkContract {
  const link = links.find(candidate => candidate.id === id)
  if (link === undefined) throw new Error(`there is no link ${id}; links: ${links.map(candidate => candidate.id).join(', ')}`)
  return link
}
