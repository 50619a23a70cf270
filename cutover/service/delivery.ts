import type { Level } from '../backlog/capacity.ts'
import type { ConsumerStatus } from '../consumer/status.ts'
import type { LinkContract } from '../contract/contract.ts'
import { isTransient } from '../database/database.ts'
import { inFlightMax } from '../delivery/courier.ts'
import type { BreakerState, BreakerView } from '../failure/breaker.ts'
import { Problem } from '../failure/problem.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Clock } from '../process/clock.ts'
import type { Meter } from './meter.ts'
import type { Sending } from './sending.ts'
import type { Stores } from './stores.ts'

export interface DeliveryOptions {
  readonly service: string
  readonly instance: string
  readonly links: readonly LinkContract[]
  readonly stores: Pick<Stores, 'backlog'>
  readonly sending: Pick<Sending, 'lanes' | 'courierViews' | 'appending' | 'carriers' | 'capacity' | 'paces'>
  readonly consumers: () => readonly ConsumerStatus[]
  readonly meters: ReadonlyMap<string, Meter>
  readonly clock: Clock
}

/** A breaker as it travels. Times are the service's own; what is to come is in milliseconds from now, so that no clocks need agree. */
interface BreakerAnswer {
  readonly state: BreakerState['is']
  readonly since: string | null
  /** Until the next probe is let through, 0 when it is due; null while it is closed or the probe is under way. */
  readonly probe_in_ms: number | null
  readonly opened: number
  readonly trouble: string | null
}

/** `GET /operator/delivery`: what this service has promised to deliver and has not, why, and what happens next. Ids and numbers, no payloads. */
export interface DeliveryAnswer {
  readonly service: string
  readonly instance: string
  readonly outbox: {
    readonly depth: number
    readonly bound: number
    readonly level: Level
    readonly disk_percent: number | null
    /** Transactions that this instance has refused since it started. */
    readonly refused: number
  }
  /** Appending to the log, for the events of all links. */
  readonly log: BreakerAnswer
  readonly lanes: readonly {
    readonly lane: string
    readonly link: string | null
    readonly position: string
    /** The instance that holds it. */
    readonly holder: string | null
    /** Facts that wait for it, of the next 10,000 positions; `more` when there are positions beyond. */
    readonly facts: number
    readonly more: boolean
    readonly oldest_ms: number | null
    /** Why this instance cannot work on it, since when; null when it can, or another instance does. */
    readonly error: string | null
    readonly since: string | null
    readonly catching_up: boolean
    /** Positions per second that this instance moves it. */
    readonly rate: number
  }[]
  readonly links: readonly {
    readonly link: string
    readonly to: string
    readonly breaker: BreakerAnswer
    readonly in_flight: number
    readonly in_flight_max: number
    /** Immediate calls that were left to the relay because too many were under way. */
    readonly left: number
    readonly retries: number
    readonly next_retry_in_ms: number | null
    readonly attempts: number
    readonly retry_tokens: number
    readonly retries_put_off: number
    /** Facts stated per second by this instance. */
    readonly rate: number
  }[]
  /** Set aside in this service's database: dead letters and parked messages, by link, whichever side of it this service is. */
  readonly set_aside: readonly { readonly link: string; readonly dead: number; readonly parked: number }[]
  readonly consumers: readonly {
    readonly consumer: string
    readonly topic: string
    readonly trouble: string | null
    readonly since: string | null
  }[]
}

/** Reads it: five small queries of the service's own database, and what this process knows. */
export async function readDelivery(options: DeliveryOptions): Promise<DeliveryAnswer> {
  const { stores, sending, clock } = options
  const nowMs = clock.now()
  const [waiting, retries, setAside] = await Promise.all([
    stores.backlog.waiting(sending.carriers),
    stores.backlog.retries(),
    stores.backlog.setAside(),
  ])
  const { depth, bound, level, disk, refused } = sending.capacity.load()
  const statuses = sending.lanes()
  const couriers = sending.courierViews()
  const { breaker: log, trouble: logTrouble } = sending.appending()
  return {
    service: options.service,
    instance: options.instance,
    outbox: { depth, bound, level, disk_percent: disk === null ? null : Math.round(disk * 100), refused },
    log: breakerAnswer(log, logTrouble, nowMs),
    lanes: waiting.map(({ lane, link, position, holder, facts, more, oldestMs }) => {
      const status = statuses.find(one => one.lane === lane)
      return {
        lane,
        link,
        position,
        holder,
        facts,
        more,
        oldest_ms: oldestMs === null ? null : Math.max(0, Math.round(oldestMs)),
        error: status?.error ?? null,
        since: status?.error == null ? null : timeOf(status.sinceMs),
        catching_up: status?.catchingUp ?? false,
        rate: sending.paces.rate(lane),
      }
    }),
    links: options.links
      .filter(link => couriers[link.id] !== undefined)
      .map(({ id, to }) => {
        const { breaker, trouble, inFlight, left, retryTokens, retriesPutOff } = couriers[id] as NonNullable<(typeof couriers)[string]>
        const own = retries.find(one => one.link === id)
        return {
          link: id,
          to,
          breaker: breakerAnswer(breaker, trouble, nowMs),
          in_flight: inFlight,
          in_flight_max: inFlightMax,
          left,
          retries: own?.count ?? 0,
          next_retry_in_ms: own === undefined ? null : Math.max(0, Math.round(own.nextInMs)),
          attempts: own?.attempts ?? 0,
          retry_tokens: retryTokens,
          retries_put_off: retriesPutOff,
          rate: options.meters.get(id)?.rate() ?? 0,
        }
      }),
    set_aside: setAside,
    consumers: options.consumers().map(({ consumer, topic, trouble, sinceMs }) => ({ consumer, topic, trouble, since: timeOf(sinceMs) })),
  }
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

const breakerAnswer = ({ state, sinceMs, probeAtMs, transitions }: BreakerView, trouble: string | null, nowMs: number): BreakerAnswer => ({
  state,
  since: timeOf(sinceMs),
  probe_in_ms: probeAtMs === null ? null : Math.max(0, Math.round(probeAtMs - nowMs)),
  opened: transitions.open,
  trouble,
})

export const deliveryRoutes = (options: DeliveryOptions): RouteDefinition[] => [
  {
    policy: 'operator',
    tags: ['operator'],
    method: 'GET',
    path: '/operator/delivery',
    operationId: 'operatorDelivery',
    summary: 'What waits to be delivered and why: outbox against its bound, lanes, breakers with their next probe, retries, dead letters.',
    async handle() {
      try {
        return { body: await readDelivery(options) }
      } catch (error) {
        if (!isTransient(error)) throw error
        throw new Problem('unavailable', {
          detail: `the database of ${options.service} is away: what waits in it cannot be told; ask again`,
          cause: error,
        })
      }
    },
  },
]
