import type { Broker } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import type { CompareAnswer, ComparedAnswer, Stretch } from '../contract/receipts.ts'
import type { Courier } from '../delivery/courier.ts'
import type { OutboxRow } from '../outbox/store.ts'
import { type Asked, askReceipts } from './asking.ts'
import { toRecord } from './event-lane.ts'
import type { Clock } from '../process/clock.ts'
import type { LaneWork } from './lane.ts'
import { openRefilling } from './refill.ts'
import type { IssuedRow, RelayStore } from './store.ts'

const stretchLength = 256n
const stretchesMax = 40
const idleMs = 1_000

export interface SweepLimits {
  /** Facts without a receipt, and not kept by the receiver either, are sent again after this long. */
  readonly resendAfterMs: number
  /**
   * Facts that the receiver keeps, or whose delivery waits for a person here, are carried over after this long. Long
   * enough for what is parked to come back by itself; well below the time that partitions are kept for anyway.
   */
  readonly carryAfterMs: number
  /** Carried facts per link. More than a few are no exceptions: then the outbox keeps them, as it keeps all others. */
  readonly carriedMax: number
  /** How often carried facts are asked after, a page at a time. */
  readonly carriedEveryMs: number
}

export const sweepLimits: SweepLimits = { resendAfterMs: 30_000, carryAfterMs: 300_000, carriedMax: 10_000, carriedEveryMs: 5_000 }
const carriedAtOnce = 1_000
/** How often the receiver is told how far it has been compared while that moves, and asked what it remembers while it rests. */
const tellEveryMs = 1_000
const askEveryMs = 5_000

/** Facts of a link without a receipt, as far as the sweep has looked; `carried` of them are carried over. */
export interface Open {
  readonly open: number
  readonly carried: number
}

/**
 * Finds out, for one link, which facts are terminal: compares the issued set with the subscriber's receipts, stretch
 * by stretch, so that millions are cheap. What the subscriber has never seen for a while is sent again by its own
 * route: the broker is never the only copy of a fact. Few that stay open are carried over, so that they hold up neither
 * the look at those behind them nor the end of their partition. Every fact at or below the lane's position is terminal
 * or carried over.
 *
 * The receiver is told how far that is, and remembers it. One that remembers less was restored from a backup, with fewer
 * receipts than it had given: then the lane falls back to there, and what is lost is sent again as far as it is held.
 */
export function sweepLane(options: {
  service: string
  store: RelayStore
  courier: Courier
  /** The lanes that carry the link here. One that is not run any more must not hold the sweep up. */
  carriers: readonly string[]
  broker: Pick<Broker, 'append'>
  events: readonly EventContract[]
  limits: SweepLimits
  clock: Clock
  found: (open: Open) => void
  /** Told which epoch of this service the receiver has seen. */
  heed: (epoch: number | undefined) => Promise<void>
}): LaneWork {
  const { store, courier, limits, clock } = options
  const link = courier.link.id
  // A copy that was just sent needs its time too: once per period, not once per pass.
  const lastSent = { issued: 0, carried: 0 }
  let carried = 0
  let carriedLookAt = 0
  let carriedThrough = 0n
  /** What the receiver is known to remember, and what it has said last; null before its first word. */
  let told: bigint | null = null
  let stands: bigint | null = null
  let tellAt = 0
  let askAt = 0
  const ask = (rows: readonly IssuedRow[]): Promise<Asked> => askReceipts(courier, rows, options.heed)
  const lane = `sweep:${link}`
  const refilling = openRefilling({
    link,
    store,
    clock,
    ask,
    send: sendAgain,
    tell: async gap => void (await courier.ask(`/links/${link}/refilled`, { gap })),
  })
  return {
    lane,
    begin(lease) {
      let through = lease.position
      // Another instance has held the lane meanwhile, perhaps.
      carriedLookAt = 0
      askAt = 0
      told = stands = null
      return async signal => {
        const before = through
        if (await refilling.step(signal)) {
          // What it has sent has its time from now on.
          lastSent.issued = lastSent.carried = clock.now()
          return { position: through, restMs: 0 }
        }
        await lookAfterCarried()
        through = await compareOnce(through)
        if (stands !== told) {
          told = stands
          if (told !== null && told < before) {
            through = told
            await store.fallBack(lane, lease.term, through)
          }
        }
        if (told !== null && told !== through && (through === before || clock.now() >= tellAt)) await tell(told, through)
        return { position: through, restMs: through === before ? idleMs : 0 }
      }
    },
  }

  /** What it answers is looked at with the next comparison: this word may have been lost before. */
  async function tell(known: bigint, through: bigint): Promise<void> {
    const body = { known: known.toString(), beyond: through.toString() }
    const answer = await courier.ask<ComparedAnswer>(`/links/${link}/compared`, body).catch(() => undefined)
    if (answer?.compared === body.beyond) told = stands = through
    tellAt = clock.now() + tellEveryMs
  }

  async function compareOnce(through: bigint): Promise<bigint> {
    const horizon = await store.delivered(options.carriers)
    const stretches = await issued(through, horizon)
    if (stretches.length === 0) {
      found(0)
      // What it has seen of us, and remembers, is worth a question all the same, and no error when nobody answers.
      if (clock.now() >= askAt) await compare([]).catch(() => undefined)
      return through
    }
    const different = await compare(stretches)
    const first = stretches.find(one => different.includes(one.to))
    if (first === undefined) {
      found(0)
      return BigInt(stretches.at(-1)?.to ?? through)
    }
    return lookInto(first)
  }

  async function compare(stretches: readonly Stretch[]): Promise<readonly string[]> {
    const { different, epoch, compared, gap } = await courier.ask<CompareAnswer>(`/links/${link}/compare`, { stretches })
    await options.heed(epoch)
    // While builds are mixed not every answer says it.
    if (compared !== undefined) stands = BigInt(compared)
    askAt = clock.now() + askEveryMs
    if (gap !== undefined) await refilling.wanted(gap)
    return different
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
    const { open, kept } = await ask(await store.issuedRows(link, stretch))
    await sendLost(open, kept, 'issued')
    const holds = open.find(row => !kept.has(row.fact_id) || row.age_ms <= limits.carryAfterMs)
    const stuck = open.slice(0, holds === undefined ? open.length : open.indexOf(holds))
    const over = carried + stuck.length <= limits.carriedMax ? stuck : []
    // Committed before the position passes them: the lane moves only when this has returned.
    if (over.length > 0) await store.carryOver(link, positionsOf(over))
    carried += over.length
    found(open.length - over.length)
    const lowest = open[over.length]
    return lowest === undefined ? BigInt(stretch.to) : BigInt(lowest.position) - 1n
  }

  /** The next page of carried facts: those that are terminal by now are let go, those that nobody has are sent again. */
  async function lookAfterCarried(): Promise<void> {
    if (clock.now() < carriedLookAt) return
    const rows = await store.carried(link, carriedThrough, carriedAtOnce)
    if (rows.length > 0) {
      const { open, kept } = await ask(rows)
      const over = rows.filter(row => !open.includes(row))
      if (over.length > 0) await store.letGo(link, positionsOf(over))
      await sendLost(open, kept, 'carried')
    }
    carriedThrough = rows.length < carriedAtOnce ? 0n : BigInt(rows.at(-1)?.position ?? 0)
    carried = await store.carriedCount(link)
    carriedLookAt = clock.now() + limits.carriedEveryMs
  }

  async function sendLost(open: readonly IssuedRow[], kept: ReadonlySet<string>, where: keyof typeof lastSent): Promise<void> {
    const lost = open.filter(row => !kept.has(row.fact_id) && row.age_ms > limits.resendAfterMs)
    if (lost.length === 0 || clock.now() - lastSent[where] <= limits.resendAfterMs) return
    await sendAgain(lost)
    lastSent[where] = clock.now()
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

  function found(open: number): void {
    options.found({ open: open + carried, carried })
  }
}

const positionsOf = (rows: readonly OutboxRow[]): string[] => rows.map(row => row.position)
