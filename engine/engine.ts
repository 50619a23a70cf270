import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EventContract, LinkContract } from 'cutover/contract'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations, pendingMigrations } from 'cutover/database/install'
import { nothingOf, openChecks } from 'cutover/http/checks'
import { type Server, openServer, tokenDigest } from 'cutover/http/server'
import { openSigner } from 'cutover/http/tokens'
import { type Running, fail, runProcess } from 'cutover/process'
import { systemClock } from 'cutover/process/clock'
import { ConfigurationError } from 'cutover/process/environment'
import { type Log, openLog } from 'cutover/process/log'
import { openMetrics } from 'cutover/telemetry/instruments'
import { openTracing } from 'cutover/telemetry/sdk'
import type { LinkRow } from './api/contract.ts'
import type { RunView } from './api/plan.ts'
import { certifiedBy } from './certificate/certificate.ts'
import { deliveryRoutes } from './delivery/http.ts'
import { certificateRoutes } from './certificate/http.ts'
import { openCertificates } from './certificate/postgres.ts'
import { openCertificateWatch } from './certificate/watch.ts'
import { openClerk } from './deadletters/clerk.ts'
import { deadLetterRoutes } from './deadletters/http.ts'
import { doctorRoutes } from './doctor/http.ts'
import { readEngineEnvironment } from './environment.ts'
import { lensRoutes } from './lens/http.ts'
import { gatherLinks } from './links/gather.ts'
import { refillRoutes } from './links/refill-http.ts'
import { openMover } from './links/move.ts'
import { openRedeliverer } from './links/redeliver.ts'
import { openRefiller } from './links/refill.ts'
import { linkUnknown } from './links/unknown.ts'
import { openEngineMetrics } from './metrics/metrics.ts'
import { openPages } from './pages/pages.ts'
import { parityRoutes } from './parity/http.ts'
import type { ChangePlan, PlanFor } from './plan/plan.ts'
import type { Registry, World } from './plan/world.ts'
import { readsRoutes } from './reads/http.ts'
import { openRegistry } from './registry/postgres.ts'
import { repairRoutes } from './repair/http.ts'
import { openRepairs } from './repair/repair.ts'
import { runRoutes } from './run/http.ts'
import { openRunLoop } from './run/loop.ts'
import { planOf } from './run/choice.ts'
import { openOrders, type OrdersPorts } from './run/orders.ts'
import { openRuns } from './run/postgres.ts'
import { runId } from './run/store.ts'
import { openLease } from './lease/lease.ts'
import { engineRoutes } from './routes.ts'
import { readLedger } from './services/answers.ts'
import { booksOf, copiesInUse } from './services/books.ts'
import { askChecks } from './services/checks.ts'
import { type DeployerClient, openDeployer } from './services/deployer.ts'
import { type Directory, openDirectory } from './services/directory.ts'
import { sessionRoutes } from './session/http.ts'
import { openSessions } from './session/session.ts'
import { streamRoutes } from './stream/http.ts'
import { openStream } from './stream/stream.ts'
import { topicsRoutes } from './topics/http.ts'
import { openTopics } from './topics/topics.ts'
import type { CodeOf } from './trace/files.ts'
import { traceRoutes } from './trace/http.ts'
import type { Expectation } from './verify/expectation.ts'
import { verifyAll } from './verify/report.ts'
import { openWorld } from './world/world.ts'

/** The system that an engine moves: its links and events, its plans, what verify expects, and who keeps the money. */
export interface EngineDefinition {
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly planFor: PlanFor
  /** The plans of changes that concern several services at once; none if absent. */
  readonly changes?: readonly ChangePlan[]
  readonly expectations: readonly Expectation[]
  /** The service that answers `GET /operator/ledger`; null for a system without money. */
  readonly ledger: string | null
  /** Services that answer `GET /operator/checks` with what they find out about their own books; none if absent. */
  readonly checks?: readonly string[]
  /** By link, which files of the services state its facts and bring about their effects: for `trace`, which names them. */
  readonly code?: CodeOf
}

export interface EngineResources {
  readonly database: Database
  readonly directory: Directory
  readonly deployer: DeployerClient | null
  /** The name of this engine among those that share the database. */
  readonly name: string
  readonly port: number
  /** The address to listen on; loopback if absent. */
  readonly host?: string
  /** What the operator has to show, and the second person, if there is one. */
  readonly operatorToken: string
  readonly approverToken: string | null
  /** Whether what cannot be undone needs the approval of a second person. */
  readonly approvals: boolean
  /** The folder with the built console. */
  readonly consoleFolder: string | null
  /** The folder of its data, whose disk the doctor looks at. */
  readonly dataFolder?: string
  readonly log: Log
}

/** What runs in an engine, in the order in which it starts. */
export interface Engine {
  readonly parts: readonly Running[]
  readonly server: Server
}

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string }
const own = [{ name: 'engine', folder: fileURLToPath(new URL('sql', import.meta.url)) }]
const connectionsMax = 8
/** Runs that a watcher gets: those that go on, and the latest that have ended. */
const streamedRuns = 20
const ledgerCall = { method: 'GET', path: '/operator/ledger', deadlineMs: 60_000 } as const

/** Runs the engine until it is told to stop. Reads its configuration from the environment. */
export async function runEngine(
  definition: EngineDefinition,
  wrap: (database: Database) => Database = database => database,
): Promise<void> {
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
    const operatorToken = await tokenIn(environment.OPERATOR_TOKEN_FILE)
    const { APPROVER_TOKEN_FILE: approverFile } = environment
    const approverToken = approverFile === undefined ? null : await tokenIn(approverFile)
    if (approverToken === operatorToken)
      throw new ConfigurationError(['APPROVER_TOKEN_FILE holds the operator’s token: two people need two'])
    const { parts } = await openEngine(definition, {
      database: wrap(database),
      directory: openDirectory(environment.SERVICE_URLS, signer),
      deployer: environment.DEPLOYER_URL === undefined ? null : openDeployer(environment.DEPLOYER_URL, operatorToken),
      // Two processes must never be taken for one, also not a process and the one that took its place.
      name: `${environment.INSTANCE} ${process.pid}`,
      port: environment.PORT,
      host: environment.LISTEN_ADDRESS,
      operatorToken,
      approverToken,
      approvals: environment.APPROVALS === 'on',
      consoleFolder: environment.CONSOLE_FOLDER ?? null,
      dataFolder: dirname(environment.OPERATOR_TOKEN_FILE),
      log,
    })
    await runProcess([await openTracing('engine', environment.INSTANCE, log), ...parts], { log })
  } catch (error) {
    fail(error)
  }
}

/** An engine over resources that are there. Nothing runs before its parts are started. */
export async function openEngine(
  { links, events, planFor, changes = [], expectations, ledger, checks = [], code = {} }: EngineDefinition,
  resources: EngineResources,
): Promise<Engine> {
  const { database, directory, deployer, log } = resources
  const clock = systemClock
  // A mistake of the program that composes the engine is told when it starts, not when somebody verifies.
  for (const { link } of expectations) linkOf(links, link)
  const lease = openLease(database, resources.name, clock, log)
  const runs = openRuns(database, lease, () => clock.now())
  const registry = openRegistry(database, events)
  const now = (): number => clock.now()
  const certificates = openCertificates(database, lease, now)
  const seen = { links, events, directory, registry, deployer, certificates, now }
  const world = (run: string | null, term: number | null): World => openWorld(seen, run, term)
  const certified: OrdersPorts['certified'] = some => certifiedBy(certificates, some, now())
  const { operatorToken, approverToken, approvals } = resources
  const orders = openOrders({ links, planFor, changes, runs, world: world(null, null), certified, approvals })
  const gather = async (): Promise<readonly LinkRow[]> =>
    gatherLinks(links, directory, database, new Map((await runs.unfinished()).map(run => [run.link, runId(run.number)])))
  const moves = async (): Promise<number> => (await runs.version()) + (await certificates.version())
  const stream = openStream({ links: gather, runs: () => orders.list(streamedRuns), version: moves }, clock, log)
  const sessions = openSessions({ operator: operatorToken, approver: approverToken }, now)
  const holder = async (resource: string): Promise<string | null> => {
    const number = await runs.holder(resource)
    return number === null ? null : runId(number)
  }
  const unfinished = async (): Promise<readonly RunView[]> =>
    Promise.all((await runs.unfinished()).map(run => orders.get(runId(run.number))))
  const acting = { links, directory, database, lease, clock, worldOf: (term: number) => world(null, term) }
  const metrics = openMetrics('engine', version)
  const shown = openEngineMetrics({ metrics, database, runs, lease, clock })
  const server = await openServer({
    service: 'engine',
    port: resources.port,
    ...(resources.host === undefined ? {} : { host: resources.host }),
    routes: [
      ...engineRoutes({
        database,
        mover: openMover({ ...acting, holder: link => holder(`link ${link}`) }),
        gather,
        async verify() {
          const report = await verifyAll({
            expectations,
            booksOf: id => booksOf(linkOf(links, id), directory),
            copies: () => copiesInUse(links, directory),
            ledger: ledger === null ? null : async () => readLedger(await directory.ask(ledger, ledgerCall)),
            checks: () => askChecks(checks, directory),
            now: () => performance.now(),
          })
          shown.verified(report)
          return report
        },
      }),
      ...refillRoutes(
        openRedeliverer({ links, directory, database, lease, clock, holder }),
        openRefiller({ links, directory, database, lease, clock }),
      ),
      ...runRoutes(orders),
      ...certificateRoutes(certificates, now),
      ...deadLetterRoutes(openClerk({ links, directory, database, lease, now })),
      ...doctorRoutes({ ...seen, database, runs: unfinished, ledger, folder: resources.dataFolder ?? null }),
      ...traceRoutes({ links, directory, database, code }),
      ...repairRoutes(openRepairs({ ...acting, events, holder })),
      ...topicsRoutes(openTopics({ links, events, directory, database, lease, clock, holder })),
      ...deliveryRoutes(directory, now),
      ...readsRoutes(id => links.find(link => link.id === id) ?? refuse(linkUnknown(id, links)), directory),
      ...parityRoutes(id => links.find(link => link.id === id) ?? refuse(linkUnknown(id, links)), directory),
      ...lensRoutes(changes, directory),
      ...streamRoutes(stream),
      ...sessionRoutes(sessions),
    ],
    verifier: null,
    operatorTokenDigest: tokenDigest(operatorToken),
    ...(approverToken === null ? {} : { approverTokenDigest: tokenDigest(approverToken) }),
    signedIn: request => sessions.admits(request),
    ...(resources.consoleFolder === null ? {} : { pages: openPages(resources.consoleFolder) }),
    log,
    metrics,
    ready: openChecks(
      {
        async database() {
          await database.answers()
          return 'ok'
        },
        migrations: async () => nothingOf(await pendingMigrations(database, own), 'not run yet'),
      },
      clock,
    ),
  })
  const loop = openRunLoop(
    {
      runs,
      planOf: run => planOf({ links, planFor, changes }, run),
      worldOf: (run, term) => world(runId(run.number), term),
      approvals,
      clock,
      log,
    },
    lease,
    clock,
    log,
  )
  const watch = openCertificateWatch({ certificates, worldOf: world, lease, clock, log })
  // Stopped in reverse: the streams end first, then no new requests, then the runs, the lease is given up last.
  const probes: Running = { name: 'probes', start: () => server.listen(), stop: async () => undefined }
  return { server, parts: [probes, engineStores(resources, links, registry), lease, watch, loop, server, stream] }
}

/** Installs the engine's tables at the start and closes what it holds at the end. */
const engineStores = ({ database, directory, deployer }: EngineResources, links: readonly LinkContract[], registry: Registry): Running => ({
  name: 'stores',
  async start() {
    await installMigrations(database, own)
    // What starts as an event is in use, and so in the registry, before any plan.
    for (const link of links.filter(one => one.start === 'event')) await registry.add(link.event, 0, null)
  },
  async stop() {
    await deployer?.close()
    await directory.close()
    await database.close()
  },
})

const tokenIn = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim()

const refuse = (problem: Error): never => {
  throw problem
}

function linkOf(links: readonly LinkContract[], id: string): LinkContract {
  const link = links.find(candidate => candidate.id === id)
  if (link === undefined) throw new Error(`there is no link ${id}; links: ${links.map(candidate => candidate.id).join(', ')}`)
  return link
}
