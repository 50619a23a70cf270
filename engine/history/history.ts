import { createHash } from 'node:crypto'
import { canonicalJson } from 'cutover/contract/json'
import type { Database, Tx } from 'cutover/database'
import type { HistoryAnswer, HistoryRow } from '../api/contract.ts'

/** What happened, before it has its place in the chain. */
export type HistoryLine = Omit<HistoryRow, 'number' | 'at' | 'hash'>

/** What the hash of a line covers, in this order of meaning: its predecessor, then itself. */
export const hashOf = (before: string, line: Omit<HistoryRow, 'hash'>): string =>
  createHash('sha256')
    .update(`${before}\n${canonicalJson(line)}`)
    .digest('hex')

const genesis = '0'.repeat(64)
// One writer at a time: the chain has one end.
const lock = 'select pg_advisory_xact_lock(1129665615, 7)'

/** Appends a line in the caller's transaction, so that what happened and its line commit together. */
export async function appendLine(tx: Tx, line: HistoryLine, nowMs: number): Promise<HistoryRow> {
  await tx.query(lock)
  const { rows } = await tx.query<{ number: string; hash: string }>('select number, hash from history order by number desc limit 1')
  const before = rows[0]?.hash ?? genesis
  const entry = { ...line, number: Number(rows[0]?.number ?? 0) + 1, at: new Date(nowMs).toISOString() }
  const hash = hashOf(before, entry)
  await tx.query(
    `insert into history (number, at, who, action, link, run, step, term, numbers, before, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      entry.number,
      entry.at,
      entry.who,
      entry.action,
      entry.link,
      entry.run,
      entry.step,
      entry.term,
      canonicalJson(entry.numbers),
      before,
      hash,
    ],
  )
  return { ...entry, hash }
}

/** Appends a line in a transaction of its own: before an action, so that an engine that dies in between leaves a trace. */
export const appendHistory = (database: Database, line: HistoryLine, nowMs: number): Promise<HistoryRow> =>
  database.transaction(tx => appendLine(tx, line, nowMs))

const pageSize = 1_000

export interface HistoryFilter {
  readonly limit: number
  readonly link?: string | undefined
  readonly run?: string | undefined
}

/** The latest lines that the filter lets through, and whether the whole chain holds. */
export async function readHistory(database: Tx, { limit, link, run }: HistoryFilter): Promise<HistoryAnswer> {
  const latest: HistoryRow[] = []
  let intact = true
  let before = genesis
  for (let number = 0; ;) {
    const page = await readPage(database, number)
    for (const row of page) {
      const { hash, ...line } = row
      // A number that is left out breaks the chain too: the next line's hash was made over the missing one.
      intact &&= hash === hashOf(before, line)
      before = hash
      if ((link !== undefined && row.link !== link) || (run !== undefined && row.run !== run)) continue
      latest.unshift(row)
      if (latest.length > limit) latest.pop()
    }
    if (page.length < pageSize) return { intact, rows: latest }
    number = page.at(-1)?.number ?? number
  }
}

type Stored = Omit<HistoryRow, 'number' | 'at' | 'term' | 'numbers'> & { number: string; at: Date; term: string; numbers: string }

async function readPage(database: Tx, after: number): Promise<HistoryRow[]> {
  const { rows } = await database.query<Stored>(
    `select number, at, who, action, link, run, step, term, numbers, hash
       from history where number > $1 order by number limit ${pageSize}`,
    [after],
  )
  return rows.map(row => ({
    ...row,
    number: Number(row.number),
    at: row.at.toISOString(),
    term: Number(row.term),
    numbers: JSON.parse(row.numbers) as HistoryRow['numbers'],
  }))
}

/** Notes the epoch that a service tells and answers with the highest one ever told by it. */
export async function seeEpoch(database: Tx, service: string, epoch: number): Promise<number> {
  const { rows } = await database.query<{ epoch: string }>(
    `insert into epoch_seen as seen (service, epoch) values ($1, $2)
     on conflict (service) do update set epoch = greatest(seen.epoch, excluded.epoch), seen_at = now()
     returning epoch`,
    [service, epoch],
  )
  return Number(rows[0]?.epoch)
}
