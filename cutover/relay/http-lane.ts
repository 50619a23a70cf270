import type { ReceiptAnswer } from '../contract/receipts.ts'
import type { Courier, Delivered } from '../delivery/courier.ts'
import { fullJitter } from '../failure/backoff.ts'
import { type OutboxRow, toMessage } from '../outbox/store.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { LaneWork } from './lane.ts'
import { OutboxReader, type OwnRow } from './reader.ts'
import type { Failure, RelayStore } from './store.ts'

/** Attempts that are the message's own fault, before it is set aside. Outages spend none. */
export const attemptsMax = 8
const backoff = { firstMs: 500, maxMs: 60_000 }
const concurrency = 16
const retriesAtOnce = 100
const idleMs = 250
const gapMs = 3

/**
 * Delivers by HTTP what the immediate call did not: it trails by that call's deadline, asks the receiver which facts
 * have arrived, and calls for the rest. So nothing needs to be written when the immediate call succeeds, and a crash
 * between commit and call loses nothing.
 */
export function httpLane(options: {
  service: string
  store: RelayStore
  courier: Courier
  trailMs: number
  clock: Clock
  random: Random
}): LaneWork {
  const { courier, store, clock, random } = options
  const link = courier.link.id

  const deliver = (row: OutboxRow): Promise<Delivered> => courier.deliver(toMessage(row, options.service))

  /** Delivers all, at most `concurrency` at once; rejects when the receiver is away, so that the run is begun again later. */
  async function deliverAll<Row extends OutboxRow>(
    rows: readonly Row[],
    then: (row: Row, delivered: Delivered) => Promise<void>,
  ): Promise<void> {
    const waiting = [...rows]
    let away: string | undefined
    const worker = async (): Promise<void> => {
      for (let row = waiting.shift(); row !== undefined && away === undefined; row = waiting.shift()) {
        const delivered = await deliver(row)
        if (delivered.kind === 'away') away = delivered.reason
        else await then(row, delivered)
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, rows.length) }, worker))
    if (away !== undefined) throw new Error(`${courier.link.to} is away (${away}); facts of ${link} wait, no attempt is spent`)
  }

  async function firstTime(rows: readonly OwnRow[]): Promise<void> {
    const facts = rows.map(row => row.fact_id)
    const answer = await courier.ask<ReceiptAnswer>(`/links/${link}/receipts`, { facts })
    const arrived = new Set([...answer.terminal, ...answer.parked, ...answer.dead])
    await deliverAll(
      rows.filter(row => !arrived.has(row.fact_id)),
      async (row, delivered) => {
        if (delivered.kind !== 'refused') return
        if (delivered.final) await store.bury(link, row, 1, delivered.code, delivered.detail)
        else await store.retryLater(link, [failure(row, delivered.detail)], 1, fullJitter(0, backoff, random))
      },
    )
  }

  async function again(): Promise<void> {
    await deliverAll(await store.due(link, retriesAtOnce), async (row, delivered) => {
      if (delivered.kind === 'receipt' || delivered.kind === 'accepted') return store.settle(link, [row.position])
      if (delivered.kind === 'away') return
      const attempts = row.attempts + 1
      if (delivered.final || attempts >= attemptsMax) return store.bury(link, row, attempts, delivered.code, delivered.detail)
      return store.retryAgain(link, row.position, delivered.detail, fullJitter(row.attempts, backoff, random))
    })
  }

  return {
    lane: `http:${link}`,
    begin(lease) {
      const reader = new OutboxReader(store.called(link), lease.position)
      return async signal => {
        if (courier.willing()) await again()
        const run = await reader.next()
        if (run.rows.length > 0) {
          await clock.sleep(Math.max(0, options.trailMs - run.ageMs), signal)
          await firstTime(run.rows)
        }
        return { position: run.position, restMs: run.rows.length > 0 ? 0 : run.blocked ? gapMs : idleMs }
      }
    },
  }
}

const failure = (row: OutboxRow, error: string): Failure => ({
  position: row.position,
  factId: row.fact_id,
  error,
})
