import type { ReceiptAnswer } from '../contract/receipts.ts'
import type { Courier, Delivered } from '../delivery/courier.ts'
import { fullJitter } from '../failure/backoff.ts'
import { openWindow } from '../failure/window.ts'
import { type OutboxRow, toMessage } from '../outbox/store.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { LaneWork } from './lane.ts'
import { OutboxReader, type OwnRow } from './reader.ts'
import type { Failure, RelayStore } from './store.ts'

/** Attempts that are the message's own fault, before it is set aside. Outages spend none. */
export const attemptsMax = 8
const backoff = { firstMs: 500, maxMs: 60_000 }
/** Deliveries under way at the most; fewer after the receiver was away, until it has shown what it bears. */
export const concurrencyMax = 16
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
  const window = openWindow(concurrencyMax)

  const deliver = (row: OutboxRow): Promise<Delivered> => courier.deliver(toMessage(row, options.service))

  /** Delivers all, as many at once as the window allows; rejects when the receiver is away, so that the run is begun again later. */
  async function deliverAll<Row extends OutboxRow>(
    rows: readonly Row[],
    then: (row: Row, delivered: Delivered) => Promise<void>,
  ): Promise<void> {
    const waiting = [...rows]
    const underWay = new Set<Promise<void>>()
    let failed: unknown
    const one = async (row: Row): Promise<void> => {
      const delivered = await deliver(row)
      if (delivered.kind !== 'away') {
        window.succeeded()
        return then(row, delivered)
      }
      window.failed()
      throw new Error(`${courier.link.to} is away (${delivered.reason}); facts of ${link} wait, no attempt is spent`)
    }
    while (waiting.length > 0 && failed === undefined) {
      while (underWay.size < window.size() && waiting.length > 0) {
        const flying = one(waiting.shift() as Row)
          .catch(error => void (failed ??= error))
          .finally(() => underWay.delete(flying))
        underWay.add(flying)
      }
      await Promise.race(underWay)
    }
    await Promise.all(underWay)
    if (failed !== undefined) throw failed
  }

  async function firstTime(rows: readonly OwnRow[]): Promise<void> {
    const facts = rows.map(row => row.fact_id)
    const answer = await courier.ask<ReceiptAnswer>(`/links/${link}/receipts`, { facts })
    const arrived = new Set([...answer.terminal, ...answer.parked, ...answer.dead])
    await deliverAll(
      rows.filter(row => !arrived.has(row.fact_id)),
      async (row, delivered) => {
        courier.budget.earn()
        if (delivered.kind !== 'refused') return
        if (delivered.final) await store.bury(link, row, 1, delivered.code, delivered.detail)
        else await store.retryLater(link, [failure(row, delivered.detail)], 1, fullJitter(0, backoff, random))
      },
    )
  }

  async function again(): Promise<void> {
    const due = await store.due(link, retriesAtOnce)
    // What was lost and is sent again has spent no attempt, and is a first call. A retry that is not paid for stays due.
    const affordable = due.filter(row => row.attempts === 0 || courier.budget.spend())
    await deliverAll(affordable, async (row, delivered) => {
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
