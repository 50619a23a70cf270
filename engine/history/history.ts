import { createHash } from 'node:crypto'
import { canonicalJson } from 'cutover/contract/json'
import type { Database, Tx } from 'cutover/database'
import type { HistoryAnswer, HistoryRow } from '../api/contract.ts'

export type HistoryLine = Omit<HistoryRow, 'number' | 'at' | 'hash'>

/** What the hash of a line covers, in this order of meaning: its predecessor, then itself. */
export const hashOf = (before: string, line: Omit<HistoryRow, 'hash'>): string =>
  createHash('sha256')
    .update(`${before}\n${canonicalJson(line)}`)
    .digest('hex')

const genesis = '0'.repeat(64)
// One writer at a time: the chain has one end.
const lock = 'select pg_advisory_xact_lock(1129665615, 7)'

/** Appends a line and answers with it. */
export const appendHistory = (database: Database, line: HistoryLine, nowMs: number): Promise<HistoryRow> =>
  database.transaction(async tx => {
    await tx.query(lock)
    const { rows } = await tx.query<{ number: string; hash: string }>(
      'select number, hash from switch_history order by number desc limit 1',
    )
    const before = rows[0]?.hash ?? genesis
    const entry = { ...line, number: Number(rows[0]?.number ?? 0) + 1, at: new Date(nowMs).toISOString() }
    const hash = hashOf(before, entry)
    await tx.query(
      `insert into switch_history (number, at, who, link, route_from, route_to, epoch, term, outcome, before, hash)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [entry.number, entry.at, entry.who, entry.link, entry.from, entry.to, entry.epoch, entry.term, entry.outcome, before, hash],
    )
    return { ...entry, hash }
  })

const pageSize = 1_000

/** The latest lines, and whether the whole chain holds. */
export async function readHistory(database: Tx, limit: number): Promise<HistoryAnswer> {
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
      latest.unshift(row)
      if (latest.length > limit) latest.pop()
    }
    if (page.length < pageSize) return { intact, rows: latest }
    number = page.at(-1)?.number ?? number
  }
}

type Stored = Omit<HistoryRow, 'number' | 'at' | 'epoch' | 'term'> & { number: string; at: Date; epoch: string | null; term: string }

async function readPage(database: Tx, after: number): Promise<HistoryRow[]> {
  const { rows } = await database.query<Stored>(
    `select number, at, who, link, route_from as "from", route_to as "to", epoch, term, outcome, hash
       from switch_history where number > $1 order by number limit ${pageSize}`,
    [after],
  )
  return rows.map(row => ({
    ...row,
    number: Number(row.number),
    at: row.at.toISOString(),
    epoch: row.epoch === null ? null : Number(row.epoch),
    term: Number(row.term),
  }))
}

/** A fencing number that is higher than every one before it, also after this database was restored. */
export async function nextTerm(database: Tx): Promise<number> {
  const { rows } = await database.query<{ term: string }>(
    `select setval('engine_term', greatest(nextval('engine_term'), (extract(epoch from clock_timestamp()) * 1000)::bigint)) as term`,
  )
  return Number(rows[0]?.term)
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
