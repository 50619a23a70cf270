import type { Broker } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import type { CompareAnswer, ReceiptAnswer, Stretch } from '../contract/receipts.ts'
import type { Courier } from '../delivery/courier.ts'
import type { OutboxRow } from '../outbox/store.ts'
import { toRecord } from './event-lane.ts'
import type { Clock } from '../process/clock.ts'
import type { LaneWork } from './lane.ts'
import type { RelayStore } from './store.ts'

const stretchLength = 256n
const stretchesMax = 40
const idleMs = 1_000
/** Facts without a receipt, and not kept by the receiver either, are sent again after this long. */
export const resendAfterMs = 30_000

/**
 * Finds out, for one link, which facts are terminal: compares the issued set with the subscriber's receipts, stretch
 * by stretch, so that millions are cheap. The lane's position is `terminal through`. What the subscriber has never
 * seen for a while is sent again by its own route: the broker is never the only copy of a fact.
 */
export function sweepLane(options: {
  service: string
  store: RelayStore
  courier: Courier
  /** The lanes that carry the link here. One that is not run any more must not hold the sweep up. */
  carriers: readonly string[]
  broker: Broker
  events: readonly EventContract[]
  resendAfterMs: number
  clock: Clock
  found: (open: number) => void
}): LaneWork {
  const { store, courier } = options
  const link = courier.link.id
  let sentAgainAt = 0
  return {
    lane: `sweep:${link}`,
    begin(lease) {
      let through = lease.position
      return async () => {
        const before = through
        through = await compareOnce(through)
        return { position: through, restMs: through > before ? 0 : idleMs }
      }
    },
  }

  async function compareOnce(through: bigint): Promise<bigint> {
    const horizon = await store.delivered(options.carriers)
    const stretches = await issued(through, horizon)
    if (stretches.length === 0) {
      options.found(0)
      return through
    }
    const { different } = await courier.ask<CompareAnswer>(`/links/${link}/compare`, { stretches })
    const first = stretches.find(one => different.includes(one.to))
    if (first === undefined) {
      options.found(0)
      return BigInt(stretches.at(-1)?.to ?? through)
    }
    return lookInto(first)
  }

  async function issued(through: bigint, horizon: bigint): Promise<Stretch[]> {
    const stretches: Stretch[] = []
    for (let from = through; from < horizon && stretches.length < stretchesMax;) {
      const end = from - (from % stretchLength) + stretchLength
      const to = end < horizon ? end : horizon
      stretches.push(await store.issued(link, from, to))
      from = to
    }
    return stretches
  }

  async function lookInto(stretch: Stretch): Promise<bigint> {
    const rows = await store.issuedRows(link, stretch)
    const answer = await courier.ask<ReceiptAnswer>(`/links/${link}/receipts`, { facts: rows.map(row => row.fact_id) })
    const terminal = new Set(answer.terminal)
    const kept = new Set([...answer.parked, ...answer.dead])
    const open = rows.filter(row => !terminal.has(row.fact_id))
    options.found(open.length)
    // A delivery that is a dead letter on either side waits for a person; sent again, it would only fail again.
    const lost = open.filter(row => !row.dead && !kept.has(row.fact_id) && row.age_ms > options.resendAfterMs)
    // A copy that was just sent needs its time too: once per period, not once per pass.
    if (lost.length > 0 && options.clock.now() - sentAgainAt > options.resendAfterMs) {
      await sendAgain(lost)
      sentAgainAt = options.clock.now()
    }
    const lowest = open[0]
    return lowest === undefined ? BigInt(stretch.to) : BigInt(lowest.position) - 1n
  }

  async function sendAgain(rows: readonly OutboxRow[]): Promise<void> {
    const called = rows.filter(row => row.stamps[link]?.route === 'http')
    if (called.length > 0) {
      await store.retryLater(
        link,
        called.map(row => ({ position: row.position, factId: row.fact_id, error: 'no receipt' })),
        0,
        0,
      )
    }
    const published = rows.filter(row => row.stamps[link]?.route === 'event')
    for (const [event, own] of Map.groupBy(published, row => row.event)) {
      const topic = options.events.find(one => one.name === event)?.topic
      if (topic !== undefined)
        await options.broker.append(
          topic,
          own.map(row => toRecord({ ...row, age_ms: 0 }, options.service)),
        )
    }
  }
}
