import type { BreakerName, BreakerStand } from '../api/delivery.ts'
import { amount, type Fields, list, number, object, orNull, text, wrong } from './fields.ts'

export interface LaneAnswer {
  readonly lane: string
  readonly link: string | null
  readonly position: string
  readonly holder: string | null
  readonly facts: number
  readonly more: boolean
  readonly oldestMs: number | null
  readonly error: string | null
  readonly since: string | null
  readonly catchingUp: boolean
  readonly rate: number
}

export interface LinkAnswer {
  readonly link: string
  readonly to: string
  readonly breaker: BreakerStand
  readonly inFlight: number
  readonly inFlightMax: number
  readonly left: number
  readonly retries: number
  readonly nextRetryInMs: number | null
  readonly attempts: number
  readonly retriesPutOff: number
  readonly rate: number
}

export type Level = 'normal' | 'warning' | 'full'

/** `GET /operator/delivery` of one instance. */
export interface InstanceDelivery {
  readonly instance: string
  readonly outbox: {
    readonly depth: number
    readonly bound: number
    readonly level: Level
    readonly diskPercent: number | null
    readonly refused: number
  }
  readonly log: BreakerStand
  readonly lanes: readonly LaneAnswer[]
  readonly links: readonly LinkAnswer[]
  readonly setAside: readonly { readonly link: string; readonly dead: number; readonly parked: number }[]
  readonly consumers: readonly {
    readonly consumer: string
    readonly topic: string
    readonly trouble: string | null
    readonly since: string | null
  }[]
}

export function readDelivery(answer: unknown): InstanceDelivery {
  const row = object(answer, 'delivery')
  const outbox = object(row.outbox, 'outbox')
  const all = <T>(value: unknown, place: string, read: (row: Fields, place: string) => T): readonly T[] =>
    list(value, place).map((item, at) => read(object(item, `${place}/${at}`), `${place}/${at}`))
  return {
    instance: text(row.instance, 'instance'),
    outbox: {
      depth: amount(outbox.depth, 'outbox/depth'),
      bound: amount(outbox.bound, 'outbox/bound'),
      level: oneOf<Level>(outbox.level, 'outbox/level', ['normal', 'warning', 'full']),
      diskPercent: orNull(outbox.disk_percent, value => number(value, 'outbox/disk_percent')),
      refused: amount(outbox.refused, 'outbox/refused'),
    },
    log: breaker(row.log, 'log'),
    lanes: all(row.lanes, 'lanes', lane),
    links: all(row.links, 'links', link),
    setAside: all(row.set_aside, 'set_aside', (one, place) => ({
      link: text(one.link, `${place}/link`),
      dead: amount(one.dead, `${place}/dead`),
      parked: amount(one.parked, `${place}/parked`),
    })),
    consumers: all(row.consumers, 'consumers', (one, place) => ({
      consumer: text(one.consumer, `${place}/consumer`),
      topic: text(one.topic, `${place}/topic`),
      trouble: textOrNull(one.trouble, `${place}/trouble`),
      since: textOrNull(one.since, `${place}/since`),
    })),
  }
}

const lane = (row: Fields, place: string): LaneAnswer => ({
  lane: text(row.lane, `${place}/lane`),
  link: textOrNull(row.link, `${place}/link`),
  position: text(row.position, `${place}/position`),
  holder: textOrNull(row.holder, `${place}/holder`),
  facts: amount(row.facts, `${place}/facts`),
  more: row.more === true,
  oldestMs: orNull(row.oldest_ms, value => amount(value, `${place}/oldest_ms`)),
  error: textOrNull(row.error, `${place}/error`),
  since: textOrNull(row.since, `${place}/since`),
  catchingUp: row.catching_up === true,
  rate: number(row.rate, `${place}/rate`),
})

const link = (row: Fields, place: string): LinkAnswer => ({
  link: text(row.link, `${place}/link`),
  to: text(row.to, `${place}/to`),
  breaker: breaker(row.breaker, `${place}/breaker`),
  inFlight: amount(row.in_flight, `${place}/in_flight`),
  inFlightMax: amount(row.in_flight_max, `${place}/in_flight_max`),
  left: amount(row.left, `${place}/left`),
  retries: amount(row.retries, `${place}/retries`),
  nextRetryInMs: orNull(row.next_retry_in_ms, value => amount(value, `${place}/next_retry_in_ms`)),
  attempts: amount(row.attempts, `${place}/attempts`),
  retriesPutOff: amount(row.retries_put_off, `${place}/retries_put_off`),
  rate: number(row.rate, `${place}/rate`),
})

function breaker(value: unknown, place: string): BreakerStand {
  const row = object(value, place)
  return {
    state: oneOf<BreakerName>(row.state, `${place}/state`, ['closed', 'open', 'half-open']),
    since: textOrNull(row.since, `${place}/since`),
    probe_in_ms: orNull(row.probe_in_ms, one => amount(one, `${place}/probe_in_ms`)),
    opened: amount(row.opened, `${place}/opened`),
    trouble: textOrNull(row.trouble, `${place}/trouble`),
  }
}

const textOrNull = (value: unknown, place: string): string | null => orNull(value, one => text(one, place))

const oneOf = <T extends string>(value: unknown, place: string, all: readonly T[]): T =>
  all.find(one => one === value) ?? wrong(place, `one of ${all.join(', ')}`, value)
