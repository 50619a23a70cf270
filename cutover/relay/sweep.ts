import type { Broker } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import type { Database } from '../database/database.ts'
import type { Courier } from '../delivery/courier.ts'
import { type OutboxRow, outboxColumns } from '../outbox/append.ts'
import { toRecord } from './event-lane.ts'
import type { Clock } from '../process/clock.ts'
import type { ReceiptAnswer } from './http-lane.ts'
import type { LaneWork } from './lane.ts'
import type { Retries } from './retries.ts'

/** A stretch of positions `(from, to]`, with how many facts of the link it holds and the digest of their sorted ids. */
export interface Stretch {
  readonly from: string
  readonly to: string
  readonly count: number
  readonly digest: string
}

/** The same digest on both sides; `facts` are ids. */
export const stretchSql = (table: string, condition: string): string => `
  select count(*)::int as count, coalesce(md5(string_agg(fact_id::text, ',' order by fact_id)), '') as digest
    from ${table} where position > $1 and position <= $2 and ${condition}`

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
  database: Database
  courier: Courier
  retries: Retries
  broker: Broker
  events: readonly EventContract[]
  resendAfterMs: number
  clock: Clock
  found: (open: number) => void
}): LaneWork {
  const { database, courier } = options
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
    const horizon = await delivered()
    const stretches = await issued(through, horizon)
    if (stretches.length === 0) {
      options.found(0)
      return through
    }
    const { different } = await courier.ask<{ different: readonly string[] }>(`/links/${link}/compare`, { stretches })
    const first = stretches.find(one => different.includes(one.to))
    if (first === undefined) {
      options.found(0)
      return BigInt(stretches.at(-1)?.to ?? through)
    }
    return lookInto(first)
  }

  /** The lowest position of the lanes that carry this link: what lies beyond has not been delivered yet. */
  async function delivered(): Promise<bigint> {
    const { rows } = await database.query<{ position: string | null }>(
      `select min(position) as position from relay_lane where lane in ('event', 'http:' || $1)`,
      [link],
    )
    return BigInt(rows[0]?.position ?? 0)
  }

  async function issued(through: bigint, horizon: bigint): Promise<Stretch[]> {
    const stretches: Stretch[] = []
    for (let from = through; from < horizon && stretches.length < stretchesMax;) {
      const end = from - (from % stretchLength) + stretchLength
      const to = end < horizon ? end : horizon
      const { rows } = await database.query<{ count: number; digest: string }>(stretchSql('outbox', 'stamps ? $3'), [
        from.toString(),
        to.toString(),
        link,
      ])
      stretches.push({ from: from.toString(), to: to.toString(), count: rows[0]?.count ?? 0, digest: rows[0]?.digest ?? '' })
      from = to
    }
    return stretches
  }

  async function lookInto(stretch: Stretch): Promise<bigint> {
    const { rows } = await database.query<OutboxRow & { age_ms: number; dead: boolean }>(
      `select ${outboxColumns}, extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as age_ms,
              exists (select from dead_letter d where d.side = 'relay' and d.link = $3 and d.fact_id = outbox.fact_id
                         and d.state in ('open', 'replaying')) as dead
         from outbox where position > $1 and position <= $2 and stamps ? $3 order by position`,
      [stretch.from, stretch.to, link],
    )
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
      await options.retries.add(
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
