import type { Message } from '../contract/message.ts'
import { fromHeaders, type Headers } from '../contract/headers.ts'
import { isTransient, type Tx } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Gather } from './handler.ts'
import type { Via } from './judge.ts'
import { isTerminal, type Outcome } from './outcome.ts'
import type { Receiver } from './receiver.ts'
import { type DeadMessage, parkedMax, type ParkedRow, type ReceiveStore } from './store.ts'

const pollMs = 100
const gatherConcurrency = 8
/** What has waited this long goes to the dead letters, where a person sees it. */
const waitHoursMax = 24
const attemptsMax = 5

/**
 * Brings parked messages back when what they wait for has arrived, or when it is time to look again. Looking spends no
 * attempts, and what waits for somebody who is away waits for as long as that takes.
 */
export async function runParked(
  options: {
    store: ReceiveStore
    receivers: ReadonlyMap<string, Receiver>
    gather: Gather | undefined
    clock: Clock
    log: Log
    received: (link: string, outcomes: readonly Outcome[]) => void
  },
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log } = options
  let failures = 0
  let away: Away = new Set()
  while (!signal.aborted) {
    try {
      const due = await store.waitedFor()
      away = await gatherDue(
        due.map(one => one.waits_for),
        options.gather,
        log,
        signal,
      )
      let most = 0
      // A transaction per link: each locks what it locks in one order, and two links in one would mix two orders.
      for (const link of new Set(due.map(one => one.link))) {
        const receiver = options.receivers.get(link)
        if (receiver !== undefined && receiver.acts.length > 0)
          most = Math.max(most, await bringBack(store, receiver, away, options.received))
      }
      failures = 0
      if (most < parkedMax) await clock.sleep(pollMs, signal)
    } catch (error) {
      failures++
      if (failures === 1)
        log.warn({ err: error }, 'parked: a batch failed and is tried again; a message that fails by itself is tried alone')
      await clock.sleep(Math.min(100 * 2 ** failures, 5_000), signal)
      await oneByOne(options, away).catch(alone => log.debug({ err: alone }, 'parked: the database is away'))
    }
  }
}

/** What could not be fetched because whoever has it is away. */
type Away = ReadonlySet<string>

/** Outside any transaction: fetches what due messages wait for. What cannot be had now is looked for again later. */
async function gatherDue(waitsFor: readonly string[], gather: Gather | undefined, log: Log, signal: AbortSignal): Promise<Away> {
  const away = new Set<string>()
  if (gather === undefined) return away
  const wanted = [...new Set(waitsFor)]
  const worker = async (): Promise<void> => {
    for (let one = wanted.shift(); one !== undefined && !signal.aborted; one = wanted.shift()) {
      const waits = one
      await gather(waits, signal).catch(error => {
        away.add(waits)
        log.debug({ err: error, waitsFor: waits }, 'parked: not to be had now')
      })
    }
  }
  await Promise.all(Array.from({ length: gatherConcurrency }, worker))
  return away
}

async function bringBack(
  store: ReceiveStore,
  receiver: Receiver,
  away: Away,
  received: (link: string, outcomes: readonly Outcome[]) => void,
): Promise<number> {
  const link = receiver.link.id
  const outcomes: Outcome[] = []
  const count = await store.transaction(async tx => {
    const rows = await store.takeDue(tx, link, receiver.acts)
    for (const [via, own] of Map.groupBy(rows, viaOf)) outcomes.push(...(await bringBackIn(tx, store, receiver, own, via, away)))
    return rows.length
  })
  received(link, outcomes)
  return count
}

async function bringBackIn(
  tx: Tx,
  store: ReceiveStore,
  receiver: Receiver,
  rows: readonly ParkedRow[],
  via: Via,
  away: Away,
): Promise<readonly Outcome[]> {
  const messages = rows.map(toMessage)
  const outcomes = await receiver.receive(tx, messages, via)
  const each = rows.map((row, index) => ({ row, message: messages[index] as Message, outcome: outcomes[index] as Outcome }))
  const still = each.filter(one => one.outcome.is === 'parked').map(one => one.row)
  const over = each.filter(one => one.outcome.is !== 'parked')
  const expired = still.filter(row => row.waited_ms > waitHoursMax * 3_600_000 && !away.has(row.waits_for))
  await receiver.setAside(
    tx,
    over.filter(one => !isTerminal(one.outcome)).map(one => ({ ...one, origin: originOf(one.row) })),
  )
  await receiver.bury(
    tx,
    expired.map(row => dead(row, 'waited_too_long', `waited ${waitHoursMax} hours for ${row.waits_for}`, row.tries)),
  )
  const idsOf = (some: readonly ParkedRow[]): string[] => some.map(row => row.fact_id)
  await store.unpark(tx, receiver.link.id, idsOf([...over.map(one => one.row), ...expired]))
  await store.postpone(tx, receiver.link.id, idsOf(still.filter(row => !expired.includes(row))))
  return outcomes
}

/** After a failed batch: each due message in a transaction of its own. One that fails by itself is set aside, the others go on. */
async function oneByOne({ store, receivers, received }: Parameters<typeof runParked>[0], away: Away): Promise<void> {
  for (const row of await store.due()) {
    const receiver = receivers.get(row.link)
    // What it could only park again is left to those who can act.
    if (receiver === undefined || !receiver.acts.includes(viaOf(row))) continue
    try {
      await store.transaction(async tx => {
        const mine = await store.take(tx, row.link, row.fact_id)
        if (mine !== undefined) received(row.link, await bringBackIn(tx, store, receiver, [mine], viaOf(mine), away))
      })
    } catch (error) {
      // Everybody's trouble is nobody's fault: it waits, no attempt is spent.
      if (isTransient(error)) throw error
      await store.transaction(async tx => {
        if (row.tries < attemptsMax) return store.postpone(tx, row.link, [row.fact_id])
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
        await receiver.bury(tx, [dead(row, 'handler_error', reason, row.tries + 1)])
        await store.unpark(tx, row.link, [row.fact_id])
      })
    }
  }
}

const originOf = (row: ParkedRow): string => `parked:${row.fact_id}`

const dead = (row: ParkedRow, code: string, error: string, attempts: number): DeadMessage => ({
  factId: row.fact_id,
  code,
  error,
  attempts,
  bytes: Buffer.from(row.bytes),
  headers: JSON.parse(row.headers) as Headers,
  origin: originOf(row),
})

const viaOf = (row: ParkedRow): Via => ((JSON.parse(row.headers) as { via?: Via }).via === 'http' ? 'http' : 'event')

function toMessage(row: ParkedRow): Message {
  const message = fromHeaders(JSON.parse(row.headers) as Headers, row.bytes)
  if ('wrong' in message) throw new Error(`parked ${row.link} ${row.fact_id}: ${message.wrong}`)
  return message
}
