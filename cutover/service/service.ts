import { fileURLToPath } from 'node:url'
import { Registry as Metrics } from 'prom-client'
import { openBroker } from '../broker/open.ts'
import { isAble } from '../contract/capability.ts'
import { type Database, isTransient, openDatabase } from '../database/database.ts'
import { openDoorbell } from '../database/doorbell.ts'
import { installMigrations } from '../database/install.ts'
import { type HttpClient, openClient } from '../http/client.ts'
import { openServer, type RouteDefinition, type Server } from '../http/server.ts'
import { forgetAnswers } from '../idempotency/forgetting.ts'
import { openOnce } from '../idempotency/once.ts'
import { openSigner, openVerifier } from '../http/tokens.ts'
import { ensurePartitions, defaultPartitions } from '../outbox/partitions.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { type Log, openLog } from '../process/log.ts'
import { fail, type Running, runProcess } from '../process/process.ts'
import { openRegistry, registerVersions } from '../registry/registry.ts'
import { installSwitches, openSwitchCache } from '../switch/switch.ts'
import type { ServiceContext, ServiceDefinition } from './definition.ts'
import { readServiceEnvironment, type ServiceEnvironment } from './environment.ts'
import { fenced } from './fence.ts'
import { runDeadLetters } from '../deadletters/jobs.ts'
import { dataRoutes } from './data-routes.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import { linkRoutes } from './link-routes.ts'
import { loops } from './loops.ts'
import { operatorRoutes } from './operator.ts'
import { planRoutes } from './plan-routes.ts'
import { openPresence } from './presence.ts'
import { openReadings } from './readings.ts'
import { openReceiving } from './receiving.ts'
import { openSending } from './sending.ts'
import { seriesRoutes } from './series-routes.ts'
import { servedRoutes } from './serving.ts'
import { runSnapshots } from '../snapshot/snapshot.ts'
import { copyAudit, sourceAudits } from './postgres.ts'
import { openStores, type Stores } from './stores.ts'
import { meterDeadLetters, openMeters } from './meter.ts'
import { topicRoutes } from './topic-routes.ts'
import { columnRoutes } from './column-routes.ts'
import { openColumns } from '../columns/columns.ts'
import { modeOf } from '../columns/definition.ts'
import { runFilling } from '../columns/fill.ts'
import { openColumnWatch, runTelling } from '../columns/watch.ts'
import { versionRoutes } from './version-routes.ts'

export { wake } from '../receive/postgres.ts'
export type { Audit, AuditRow } from './audit.ts'
export { auditOver, type Side } from './postgres.ts'
export type { Once } from '../idempotency/once.ts'
export type { LinkReader } from '../reading/reader.ts'
export { loops } from './loops.ts'
export type { ServiceContext, ServiceDefinition, ServiceParts } from './definition.ts'

const librarySql = fileURLToPath(new URL('../sql', import.meta.url))
const startAttemptsMax = 60

/** Runs one instance of a service until it is told to stop. Reads its configuration from the environment. */
export async function runService(definition: ServiceDefinition): Promise<void> {
  try {
    const { parts, log } = await openService(definition, environmentOf(definition))
    await runProcess(parts, { log })
  } catch (error) {
    fail(error)
  }
}

/** Its configuration, read from the environment. */
function environmentOf({ name, links, events, columns = [] }: ServiceDefinition): ServiceEnvironment {
  return readServiceEnvironment(name, links, events, [...new Set(columns.map(one => one.change))])
}

/** One instance of a service, whole and not yet started: its parts, in the order in which they start. The last is its server. */
export interface OpenService {
  readonly parts: readonly Running[]
  readonly server: Server
  readonly routes: readonly RouteDefinition[]
  readonly log: Log
}

/** Puts an instance together. The tables of its database are made, or brought up to date. */
export async function openService(definition: ServiceDefinition, environment: ServiceEnvironment): Promise<OpenService> {
  const { name, links, events } = definition
  const changes = definition.columns ?? []
  const { INSTANCE: instance, CAPABILITIES: capabilities, BUILD: build } = environment
  const log = openLog({ service: name, instance, level: environment.LOG_LEVEL })
  const clock = systemClock
  const random = systemRandom
  const columnWatch = openColumnWatch(changes, clock)
  const database = columnWatch.watched(
    openDatabase({
      url: environment.DATABASE_URL,
      name: instance,
      connectionsMax: environment.DATABASE_CONNECTIONS,
      onIdleError: error => log.debug({ err: error }, 'database: an idle connection was closed'),
    }),
  )
  const stores = openStores(database)
  const tellUses = (): Promise<void> => columnWatch.tell(stores.columns, instance)
  await install(database, stores, definition)

  const broker = openBroker({ kind: environment.BROKER, url: environment.LOG_DATABASE_URL, log, name: `${name}-${instance}` })
  const doorbell = openDoorbell(database, log)
  const switches = await openSwitchCache(stores.switch)
  const registry = openRegistry(events)
  const metrics = new Metrics()
  const meters = openMeters(links, clock, metrics)
  meterDeadLetters(stores.deadLetters, clock, metrics)
  const signer = await openSigner({ issuer: name, privateKeyFile: environment.PRIVATE_KEY_FILE })
  const verifier = await openVerifier({ audience: name, trustedKeysFile: environment.TRUSTED_KEYS_FILE })

  const common = { service: name, instance, capabilities, links, events, stores, broker, doorbell, registry, meters, log, clock, random }
  const urls = environment.SERVICE_URLS
  const sending = openSending({ ...common, switches, signer, urls })
  const readings = await openReadings({ ...common, database, signer, urls })
  const once = openOnce({ sender: sending.sender, store: stores.idempotency, clock })
  const clients: HttpClient[] = []
  const client: ServiceContext['client'] = (audience, limits) => {
    const opened = openClient({ baseUrls: urls[audience] ?? [], token: () => signer.token({ audience }), ...limits })
    clients.push(opened)
    return opened
  }
  const parts = definition.build({
    database,
    sender: sending.sender,
    once,
    log,
    clock,
    random,
    read: readings.read,
    client,
    columns: change => openColumns(change, modeOf(capabilities, change.change)),
  })
  const sources = parts.sources ?? []
  await readings.install()
  const receiving = openReceiving({
    ...common,
    handlers: { ...parts.handlers, ...readings.handlers() },
    gather: readings.gather(parts.gather),
  })
  const snapshots = loops('snapshots', [
    signal => runSnapshots({ sources, sender: sending.sender, store: stores.snapshot, clock, log }, signal),
    signal => forgetAnswers(stores.idempotency, clock, log, signal),
  ])
  const filling = loops('columns', [
    signal => runFilling({ changes, store: stores.columns, clock, log, latency: columnWatch.latency }, signal),
    signal => runTelling(tellUses, clock, log, signal),
  ])
  const deadLetters = loops('dead letters', [
    signal =>
      runDeadLetters(
        {
          reader: { service: name, links, registry },
          store: stores.deadLetters,
          receive: stores.receive,
          receivers: receiving.receivers,
          couriers: sending.couriers,
          broker,
          events,
          received: (link, outcomes) => meters.received(link, outcomes),
          holder: instance,
          clock,
          log,
        },
        signal,
      ),
  ])

  const routes = fenced(
    [
      ...servedRoutes(parts.routes, links, name, link => isAble(capabilities, 'serve', link)),
      ...linkRoutes(receiving.links, receiving.doors, stores.receive, receiving.compares),
      ...planRoutes({ service: name, links, events, stores }),
      ...seriesRoutes(metrics),
      ...topicRoutes({ service: name, events, broker, stores, clock }),
      ...columnRoutes({ service: name, changes, stores, told: tellUses }),
      ...versionRoutes({ service: name, events, stores, switches, clock, random, flipped: () => doorbell.ring('switch') }),
      ...dataRoutes({ service: name, links, stores, readers: readings.all, sources, turned: () => doorbell.ring('reading') }),
      ...deadLetterRoutes({ service: name, links, registry, stores }),
      ...operatorRoutes({
        service: name,
        instance,
        links,
        stores,
        switches,
        audits: [
          ...parts.audits,
          ...sources.flatMap(source => sourceAudits(database, source)),
          ...[...readings.all.values()].map(one => copyAudit(database, one.definition)),
        ],
        readings: () => stores.reading.all(),
        clock,
        random,
        lanes: sending.lanes,
        consumers: receiving.consumers,
        breakers: sending.breakers,
        meters: meters.byLink,
        flipped: () => doorbell.ring('switch'),
      }),
    ],
    () => stores.switch.term(),
  )
  const server = await openServer({
    service: name,
    port: environment.PORT,
    routes,
    verifier,
    log,
    metrics,
    ready: async () => ({
      database: await database.answers().then(
        () => 'ok',
        error => String(error),
      ),
    }),
  })

  const connections: Running = {
    name: 'connections',
    start: async () => undefined,
    async stop() {
      await Promise.all(clients.map(one => one.close()))
      await doorbell.close()
      await broker.close()
      await database.close()
    },
  }
  const presence = openPresence({
    instance,
    declaration: () => ({ capabilities, versions: receiving.versions, build, readings: readings.epochs() }),
    links: receiving.links,
    events,
    stores,
    clock,
    log,
  })
  doorbell.listen('switch', () => void switches.reload().catch(error => log.debug({ err: error }, 'switch: reloaded at the next append')))
  // Stopped in reverse: no new requests first, then the loops, the connections last.
  const running = [
    connections,
    presence,
    readings.running,
    receiving.running,
    sending.running,
    snapshots,
    filling,
    deadLetters,
    ...(parts.parts ?? []),
    server,
  ]
  return { parts: running, server, routes, log }
}

/** Everything that the database must hold before the first request. Waits for a database that is still starting. */
async function install(database: Database, stores: Stores, definition: ServiceDefinition): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await database.answers()
      break
    } catch (error) {
      if (!isTransient(error) || attempt >= startAttemptsMax) throw error
      await systemClock.sleep(250)
    }
  }
  await installMigrations(database, [
    { name: 'cutover', folder: librarySql },
    { name: definition.name, folder: definition.migrations },
  ])
  await ensurePartitions(stores.outbox, defaultPartitions)
  await registerVersions(stores.registry, definition.events)
  await installSwitches(stores.switch, definition.name, definition.links)
}
