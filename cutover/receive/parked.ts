import type { Message } from '../contract/message.ts'
import { fromHeaders, type Headers } from '../contract/headers.ts'
import { type Database, isTransient, type Tx } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Gather } from './handler.ts'
import type { Via } from './judge.ts'
import { isTerminal, type Outcome } from './outcome.ts'
import { type Receiver, setAside } from './receiver.ts'
import { bury } from './store.ts'

const batch = 100
const pollMs = 100
const gatherConcurrency = 8
/** Twice as long each time, from the store's first wait up to this. */
const waitMsMax = 15_000
/** What has waited this long goes to the dead letters, where a person sees it. */
const waitHoursMax = 24
const attemptsMax = 5
const tick = `interval '1 ms'`

interface ParkedRow {
  readonly link: string
  readonly fact_id: string
  readonly waits_for: string
  readonly tries: number
  readonly headers: string
  readonly bytes: string
  readonly expired: boolean
}

/** Brings parked messages back when what they wait for has arrived, or when it is time to look again. Looking spends no attempts. */
export async function runParked(
  options: {
    database: Database
    receivers: ReadonlyMap<string, Receiver>
    gather: Gather | undefined
    clock: Clock
    log: Log
    received: (link: string, outcomes: readonly Outcome[]) => void
  },
  signal: AbortSignal,
): Promise<void> {
  const { database, clock, log } = options
  let failures = 0
  while (!signal.aborted) {
    try {
      const due = await whatIsDue(database)
      await gatherDue(
        due.map(one => one.waits_for),
        options.gather,
        log,
        signal,
      )
      let most = 0
      // A transaction per link: each locks what it locks in one order, and two links in one would mix two orders.
      for (const link of new Set(due.map(one => one.link))) {
        const receiver = options.receivers.get(link)
        if (receiver !== undefined) most = Math.max(most, await bringBack(database, receiver, options.received))
      }
      failures = 0
      if (most < batch) await clock.sleep(pollMs, signal)
    } catch (error) {
      failures++
      if (failures === 1)
        log.warn({ err: error }, 'parked: a batch failed and is tried again; a message that fails by itself is tried alone')
      await clock.sleep(Math.min(100 * 2 ** failures, 5_000), signal)
      await oneByOne(options).catch(alone => log.debug({ err: alone }, 'parked: the database is away'))
    }
  }
}

async function whatIsDue(database: Database): Promise<readonly { link: string; waits_for: string }[]> {
  const { rows } = await database.query<{ link: string; waits_for: string }>(
    `select link, waits_for from parked where next_at <= clock_timestamp() group by link, waits_for order by min(next_at) limit ${batch}`,
    [],
  )
  return rows
}

/** Outside any transaction: fetches what due messages wait for. What cannot be had now is looked for again later. */
async function gatherDue(waitsFor: readonly string[], gather: Gather | undefined, log: Log, signal: AbortSignal): Promise<void> {
  if (gather === undefined) return
  const wanted = [...new Set(waitsFor)]
  const worker = async (): Promise<void> => {
    for (let one = wanted.shift(); one !== undefined && !signal.aborted; one = wanted.shift()) {
      await gather(one, signal).catch(error => log.debug({ err: error, waitsFor: one }, 'parked: not to be had now'))
    }
  }
  await Promise.all(Array.from({ length: gatherConcurrency }, worker))
}

const dueSql = `
  select link, fact_id, waits_for, tries, headers, bytes, parked_at < now() - interval '${waitHoursMax} hours' as expired
    from parked where link = $1 and next_at <= clock_timestamp() order by next_at limit ${batch} for update skip locked`

async function bringBack(
  database: Database,
  receiver: Receiver,
  received: (link: string, outcomes: readonly Outcome[]) => void,
): Promise<number> {
  const link = receiver.link.id
  const outcomes: Outcome[] = []
  const count = await database.transaction(async tx => {
    const { rows } = await tx.query<ParkedRow>(dueSql, [link])
    for (const [, own] of Map.groupBy(rows, viaOf)) outcomes.push(...(await bringBackLink(tx, receiver, own)))
    return rows.length
  })
  received(link, outcomes)
  return count
}

async function bringBackLink(tx: Tx, receiver: Receiver, rows: readonly ParkedRow[]): Promise<readonly Outcome[]> {
  const link = receiver.link.id
  const via = viaOf(rows[0] as ParkedRow)
  const messages = rows.map(toMessage)
  const outcomes = await receiver.receive(tx, messages, via)
  const each = rows.map((row, index) => ({ row, message: messages[index] as Message, outcome: outcomes[index] as Outcome }))
  const still = each.filter(one => one.outcome.is === 'parked')
  const expired = still.filter(one => one.row.expired)
  const over = each.filter(one => one.outcome.is !== 'parked')
  await setAside(
    tx,
    link,
    over.filter(one => !isTerminal(one.outcome)).map(one => ({ ...one, origin: `parked:${one.row.fact_id}` })),
  )
  await bury(
    tx,
    link,
    expired.map(({ row }) => ({
      factId: row.fact_id,
      code: 'waited_too_long',
      error: `waited ${waitHoursMax} hours for ${row.waits_for}`,
      attempts: row.tries,
      bytes: Buffer.from(row.bytes),
      headers: JSON.parse(row.headers) as Headers,
      origin: `parked:${row.fact_id}`,
    })),
  )
  await forget(
    tx,
    link,
    [...over, ...expired].map(one => one.row.fact_id),
  )
  await postpone(
    tx,
    still.filter(one => !one.row.expired).map(one => one.row),
  )
  return outcomes
}

const forget = (tx: Tx, link: string, facts: readonly string[]): Promise<unknown> =>
  tx.query('delete from parked where link = $1 and fact_id = any($2::uuid[])', [link, facts])

async function postpone(tx: Tx, rows: readonly Pick<ParkedRow, 'link' | 'fact_id'>[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `update parked p set tries = p.tries + 1, next_at = clock_timestamp() + least(200 * power(2, least(p.tries, 10)), ${waitMsMax}) * ${tick}
       from unnest($1::text[], $2::uuid[]) as d(link, fact_id) where p.link = d.link and p.fact_id = d.fact_id`,
    [rows.map(row => row.link), rows.map(row => row.fact_id)],
  )
}

/** After a failed batch: each due message in a transaction of its own. One that fails by itself is set aside, the others go on. */
async function oneByOne(options: Parameters<typeof runParked>[0]): Promise<void> {
  const { database, receivers, received } = options
  const { rows } = await database.query<{ link: string; fact_id: string; tries: number; headers: string; bytes: string }>(
    `select link, fact_id, tries, headers, bytes from parked where next_at <= clock_timestamp() order by next_at limit ${batch}`,
    [],
  )
  for (const row of rows) {
    try {
      await database.transaction(async tx => {
        const { rows: mine } = await tx.query<ParkedRow>(
          'select link, fact_id, waits_for, tries, headers, bytes, false as expired from parked where link = $1 and fact_id = $2 for update skip locked',
          [row.link, row.fact_id],
        )
        const receiver = receivers.get(row.link)
        if (mine.length > 0 && receiver !== undefined) received(row.link, await bringBackLink(tx, receiver, mine))
      })
    } catch (error) {
      // Everybody's trouble is nobody's fault: it waits, no attempt is spent.
      if (isTransient(error)) throw error
      await database.transaction(async tx => {
        if (row.tries < attemptsMax) return postpone(tx, [row])
        const failure = {
          factId: row.fact_id,
          code: 'handler_error',
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          attempts: row.tries + 1,
        }
        await bury(tx, row.link, [
          { ...failure, bytes: Buffer.from(row.bytes), headers: JSON.parse(row.headers) as Headers, origin: `parked:${row.fact_id}` },
        ])
        await forget(tx, row.link, [row.fact_id])
      })
    }
  }
}

const viaOf = (row: ParkedRow): Via => ((JSON.parse(row.headers) as { via?: Via }).via === 'http' ? 'http' : 'event')

function toMessage(row: ParkedRow): Message {
  const message = fromHeaders(JSON.parse(row.headers) as Headers, row.bytes)
  if ('wrong' in message) throw new Error(`parked ${row.link} ${row.fact_id}: ${message.wrong}`)
  return message
}
