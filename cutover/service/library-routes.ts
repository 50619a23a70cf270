import type { Registry as Metrics } from 'prom-client'
import type { Broker } from '../broker/broker.ts'
import type { ColumnChange } from '../contract/columns.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import type { Doorbell } from '../database/doorbell.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Registry } from '../registry/registry.ts'
import type { SourceDefinition } from '../snapshot/source.ts'
import type { SwitchCache } from '../switch/switch.ts'
import type { Audit } from './audit.ts'
import { columnRoutes } from './column-routes.ts'
import { dataRoutes } from './data-routes.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import { deliveryRoutes } from './delivery.ts'
import { diagnosisRoutes } from './diagnosis-routes.ts'
import { linkRoutes } from './link-routes.ts'
import type { Meters } from './meter.ts'
import { operatorRoutes } from './operator.ts'
import { planRoutes } from './plan-routes.ts'
import type { Readings } from './readings.ts'
import type { Receiving } from './receiving.ts'
import { refillRoutes } from './refill-routes.ts'
import type { Sending } from './sending.ts'
import { seriesRoutes } from './series-routes.ts'
import type { Stores } from './stores.ts'
import { topicRoutes } from './topic-routes.ts'
import { traceRoutes } from './trace-routes.ts'
import { versionRoutes } from './version-routes.ts'

/** The operations that come with the library: for the other ends of links, and for operators and the engine. */
export function libraryRoutes(options: {
  readonly service: string
  readonly instance: string
  readonly build: string
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly changes: readonly ColumnChange[]
  readonly sources: readonly SourceDefinition[]
  readonly audits: readonly Audit[]
  readonly stores: Stores
  readonly broker: Broker
  readonly doorbell: Doorbell
  readonly switches: SwitchCache
  readonly registry: Registry
  readonly metrics: Metrics
  readonly meters: Meters
  readonly sending: Sending
  readonly receiving: Receiving
  readonly readings: Readings
  readonly clock: Clock
  readonly random: Random
  /** Writes down what this instance has seen of old columns. */
  readonly told: () => Promise<void>
}): RouteDefinition[] {
  const { service, instance, build, links, events, changes, sources, audits, stores, broker, doorbell, switches } = options
  const { registry, metrics, meters, sending, receiving, readings, clock, random, told } = options
  const seen = { lanes: sending.lanes, consumers: receiving.consumers }
  const flipped = (): void => doorbell.ring('switch')
  return [
    ...linkRoutes(receiving.links, receiving.doors, stores.receive, receiving.compares, stores.consumer),
    ...planRoutes({ service, links, events, stores }),
    ...refillRoutes({
      service,
      links,
      sources,
      stores,
      clock,
      random,
      countRefill: sending.countRefill,
      flipped,
    }),
    ...seriesRoutes(metrics),
    ...diagnosisRoutes({ service, instance, build, links, events, broker, stores, readers: readings.all, clock, ...seen }),
    ...traceRoutes({ service, events, stores, audits }),
    ...deliveryRoutes({
      service,
      instance,
      links,
      stores,
      sending,
      consumers: receiving.consumers,
      meters: meters.byLink,
      clock,
    }),
    ...topicRoutes({ service, events, broker, stores, clock }),
    ...columnRoutes({ service, changes, stores, told }),
    ...versionRoutes({ service, events, stores, switches, clock, random, flipped }),
    ...dataRoutes({ service, links, stores, readers: readings.all, sources, turned: () => doorbell.ring('reading') }),
    ...deadLetterRoutes({ service, links, registry, stores }),
    ...operatorRoutes({
      service,
      instance,
      links,
      stores,
      switches,
      audits,
      readings: () => stores.reading.all(),
      clock,
      random,
      ...seen,
      breakers: sending.breakers,
      direct: sending.direct,
      outbox: () => sending.capacity.load(),
      meters: meters.byLink,
      flipped,
    }),
  ]
}
