import { openBroker } from '../broker/open.ts'
import { type Ability, isAble } from '../contract/capability.ts'
import { openDatabase } from '../database/database.ts'
import { openDoorbell } from '../database/doorbell.ts'
import { openGauges } from '../gauges/gauges.ts'
import { openGaugesStore } from '../gauges/postgres.ts'
import { type HttpClient, openClient } from '../http/client.ts'
import { openServer, type RouteDefinition, type Server } from '../http/server.ts'
import { forgetAnswers } from '../idempotency/forgetting.ts'
import { openOnce } from '../idempotency/once.ts'
import { openSigner, openVerifier } from '../http/tokens.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { diskUsedBy } from '../process/disk.ts'
import { type Log, openLog } from '../process/log.ts'
import { fail, type Running, runProcess } from '../process/process.ts'
import { openRegistry } from '../registry/registry.ts'
import { openSwitchCache } from '../switch/switch.ts'
import { openMetrics } from '../telemetry/instruments.ts'
import { openTracing } from '../telemetry/sdk.ts'
import type { ServiceContext, ServiceDefinition } from './definition.ts'
import { environmentOf } from './environment.ts'
import { fenced } from './fence.ts'
import { runDeadLetters } from '../deadletters/jobs.ts'
import { install, migrationsOf } from './install.ts'
import { showDelivery } from './delivery-metrics.ts'
import { libraryRoutes } from './library-routes.ts'
import { loops } from './loops.ts'
import { observedHandler, observedLog, observedParity, observedReadings, observedRegistry } from './observed.ts'
import { openPresence } from './presence.ts'
import { openReadiness } from './readiness.ts'
import { modeFor, openReadings } from './readings.ts'
import { openReceiving } from './receiving.ts'
import { openSending } from './sending.ts'
import { servedRoutes } from './serving.ts'
import { whileStarting } from './starting.ts'
import { runSnapshots } from '../snapshot/snapshot.ts'
import { copyAudit, sourceAudits } from './postgres.ts'
import { openStores, type Stores } from './stores.ts'
import { openMeters } from './meter.ts'
import { openColumns } from '../columns/columns.ts'
import { modeOf } from '../contract/columns.ts'
import { runFilling } from '../columns/fill.ts'
import { openColumnWatch, runTelling } from '../columns/watch.ts'

export { wake } from '../receive/postgres.ts'
export type { Audit, AuditRow } from './audit.ts'
export { auditOver, type Side } from './postgres.ts'
export type { Once } from '../idempotency/once.ts'
export type { LinkReader } from '../reading/reader.ts'
export { loops } from './loops.ts'
export type { ServiceContext, ServiceDefinition, ServiceParts } from './definition.ts'

/** Runs one instance of a service until it is told to stop. Reads its configuration from the environment. */
export async function runService(definition: ServiceDefinition): Promise<void> {
  try {
    const environment = environmentOf(definition)
    const log = openLog({ service: definition.name, instance: environment.INSTANCE, level: environment.LOG_LEVEL })
    const { parts } = await openService(definition, environment, log)
    await runProcess(parts, { log })
  } catch (error) {
    fail(error)
  }
}

/** What runs in an instance of a service, in the order in which it starts. */
export interface OpenedService {
  readonly parts: readonly Running[]
  readonly server: Server
  readonly routes: readonly RouteDefinition[]
}

/** An instance of a service, with everything in its database that it needs. Nothing runs before its parts are started. */
export async function openService(
  definition: ServiceDefinition,
  environment: ReturnType<typeof environmentOf>,
  log: Log,
): Promise<OpenedService> {
  const { name, links, events } = definition
  const changes = definition.columns ?? []
  const { INSTANCE: instance, CAPABILITIES: capabilities, BUILD: build } = environment
  const traces = await openTracing(name, instance, log)
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
  const opened = openStores(database)
  const tellUses = (): Promise<void> => columnWatch.tell(opened.columns, instance)
  await whileStarting({ service: name, port: environment.PORT, host: environment.LISTEN_ADDRESS, log }, () =>
    install(database, opened, definition),
  )

  const broker = openBroker(environment.eventLog, { log, name: `${name}-${instance}` })
  const doorbell = openDoorbell(database, log)
  const switches = await openSwitchCache(opened.switch)
  const registry = openRegistry(events)
  const metrics = openMetrics(name, build)
  const meters = openMeters(links, clock, metrics)
  const stores: Stores = { ...opened, parity: observedParity(opened.parity, meters), reading: observedReadings(opened.reading, meters) }
  const signer = await openSigner({ issuer: name, privateKeyFile: environment.PRIVATE_KEY_FILE })
  const verifier = await openVerifier({ audience: name, trustedKeysFile: environment.TRUSTED_KEYS_FILE })

  const common = { service: name, instance, capabilities, links, events, stores, broker, doorbell, registry, meters, log, clock, random }
  const { SERVICE_URLS: urls, DATABASE_FOLDER: folder } = environment
  const system = environment.eventLog.kind === 'postgres' ? 'cutover_pglog' : environment.eventLog.kind
  const sending = openSending({
    ...common,
    broker: observedLog(broker, { events, system, meters }),
    registry: observedRegistry(registry, 'send', meters),
    switches,
    signer,
    urls,
    outboxMax: environment.OUTBOX_MAX,
    diskUsed: folder === undefined ? undefined : () => diskUsedBy(folder),
  })
  showDelivery(sending, metrics)
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
  const handlers = Object.entries({ ...parts.handlers, ...readings.handlers() })
  const receiving = openReceiving({
    ...common,
    system,
    registry: observedRegistry(registry, 'receive', meters),
    handlers: Object.fromEntries(handlers.map(([link, handler]) => [link, observedHandler(link, handler)])),
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

  const audits = [
    ...parts.audits,
    ...sources.flatMap(source => sourceAudits(database, source)),
    ...[...readings.all.values()].map(one => copyAudit(database, one.definition, modeFor(capabilities, one.definition))),
  ]
  const routes = fenced(
    [
      ...servedRoutes(parts.routes, links, name, link => isAble(capabilities, 'serve', link)),
      ...libraryRoutes({ ...common, build, changes, sources, audits, switches, metrics, sending, receiving, readings, told: tellUses }),
    ],
    () => stores.switch.term(),
  )
  const server = await openServer({
    service: name,
    port: environment.PORT,
    host: environment.LISTEN_ADDRESS,
    routes,
    verifier,
    log,
    metrics,
    ready: openReadiness({ database, broker, registry: stores.registry, events, migrations: migrationsOf(definition), clock }),
  })
  const able = (link: string, ...abilities: Ability[]): boolean => abilities.some(ability => isAble(capabilities, ability, link))
  // What this instance cannot do is not shown either.
  const leaving = links.filter(
    link => link.from === name && able(link.id, 'produce', ...(link.kind === 'business' ? (['call'] as const) : [])),
  )
  openGauges({
    metrics,
    store: openGaugesStore(database),
    broker,
    clock,
    leaving: leaving.map(({ id, kind }) => ({ link: id, called: kind === 'business' && able(id, 'call') })),
    arriving: receiving.links.map(link => link.id).filter(link => able(link, 'record', 'serve')),
    breakers() {
      const called = Object.entries(sending.breakers()).filter(([id]) => leaving.some(link => link.id === id))
      return { ...Object.fromEntries(called), ...readings.breakers() }
    },
    readings: () =>
      receiving.consumers().map(({ consumer, topic, partitions }) => ({ link: consumer.slice(name.length + 1), topic, partitions })),
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
  // Probes are answered from the first moment on, everybody else when all the rest runs. Stopped in reverse: no new
  // requests first, then the loops, the connections, and the traces of it all last.
  const probes: Running = { name: 'probes', start: () => server.listen(), stop: async () => undefined }
  return {
    server,
    routes,
    parts: [
      traces,
      connections,
      probes,
      presence,
      readings.running,
      receiving.running,
      sending.running,
      snapshots,
      filling,
      deadLetters,
      ...(parts.parts ?? []),
      server,
    ],
  }
}
