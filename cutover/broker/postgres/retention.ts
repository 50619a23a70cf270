import { type Database, sqlState, type Tx } from '../../database/database.ts'
import { forgetSilent, keepMsOf, type Unread, unreadBelow } from './readers.ts'

export interface Retention {
  /** The span of one table of records, in minutes. A change counts from the next table on. */
  readonly spanMinutes: number
  /** How long records are kept, in hours. A reader that sleeps longer finds a gap, stops, and is refilled from the outbox. */
  readonly keepHours: number
}

/** Six hours to a table: every fetch looks into each, and with an hour to a table that costs it half as much again. */
export const defaultRetention: Retention = { spanMinutes: 360, keepHours: 48 }

/** Tables made beyond the present one, so that an append never meets a missing one. */
const aheadSpans = 3
const lock = '1129665615, 3'
const dropLockTimeoutMs = 200

/**
 * Makes the tables that the next spans need, and drops those whose records are all too old. One process at a time does
 * it; while another drops, this one leaves it to that. `now` is the database's time unless a test says otherwise. Answers
 * with what was dropped although a reader that lives had not read it: it will find a gap, and be refilled.
 */
export async function maintainRecords(database: Database, retention: Retention, now?: Date): Promise<readonly Unread[]> {
  const time = now ?? (await timeOf(database))
  await database.transaction(async tx => {
    await tx.query(`select pg_advisory_xact_lock(${lock})`)
    await makeAhead(tx, retention.spanMinutes * 60_000, time.getTime())
  })
  try {
    return await database.transaction(async tx => {
      const { rows } = await tx.query<{ got: boolean }>(`select pg_try_advisory_xact_lock(${lock}) as got`)
      return rows[0]?.got === true ? await drop(tx, new Date(time.getTime() - keepMsOf(retention))) : []
    })
  } catch (error) {
    // Busy with appends: the next call finds it again.
    if (sqlState(error) !== '55P03') throw error
    return []
  }
}

async function timeOf(database: Database): Promise<Date> {
  const { rows } = await database.query<{ now: Date }>('select clock_timestamp() as now', [])
  return rows[0]?.now ?? new Date()
}

interface Table {
  readonly name: string
  /** The end of its span; everything in it is older. */
  readonly until: Date
}

async function tables(tx: Tx): Promise<readonly Table[]> {
  const { rows } = await tx.query<Table>(
    `select c.relname as name, substring(pg_get_expr(c.relpartbound, c.oid) from $$TO \\('([^']+)'\\)$$)::timestamptz as until
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'record'::regclass order by until`,
  )
  return rows
}

/** Each table begins where the last one ends, so there is no moment without one, even when the span is changed. */
async function makeAhead(tx: Tx, spanMs: number, nowMs: number): Promise<void> {
  const spanOf = (ms: number): number => Math.floor(ms / spanMs) * spanMs
  const last = (await tables(tx)).at(-1)?.until.getTime() ?? 0
  // One span back, for a clock that is corrected.
  let from = Math.max(last, spanOf(nowMs) - spanMs)
  while (from <= nowMs + aheadSpans * spanMs) {
    const until = spanOf(from) + spanMs
    const name = `record_${new Date(from).toISOString().replaceAll(/\D/g, '').slice(0, 14)}`
    await tx.query(`create table ${name} (like record including indexes)`)
    await tx.query(
      `alter table record attach partition ${name} for values from ('${new Date(from).toISOString()}') to ('${new Date(until).toISOString()}')`,
    )
    from = until
  }
}

async function drop(tx: Tx, before: Date): Promise<readonly Unread[]> {
  const old = (await tables(tx)).filter(table => table.until <= before)
  if (old.length === 0) return []
  // Read before anything is locked: nobody writes to a span that has ended.
  const ends: { id: string; next: string }[] = []
  for (const { name } of old) {
    const { rows } = await tx.query<{ id: string; next: string }>(
      `select partition_id as id, max("offset") + 1 as next from ${name} group by 1`,
    )
    ends.push(...rows)
  }
  // The table first, then its partitions' rows: the order in which an append takes them.
  await tx.query(`set local lock_timeout = '${dropLockTimeoutMs}ms'`)
  await tx.query('lock table record in access exclusive mode')
  await tx.query(
    `update topic_partition p set start_offset = greatest(p.start_offset, gone.next)
       from (select id, max(next) as next from unnest($1::bigint[], $2::bigint[]) as e(id, next) group by id) gone where gone.id = p.id`,
    [ends.map(end => end.id), ends.map(end => end.next)],
  )
  for (const { name } of old) {
    await tx.query(`alter table record detach partition ${name}`)
    await tx.query(`drop table ${name}`)
  }
  await forgetSilent(tx, before)
  return unreadBelow(
    tx,
    ends.map(end => end.id),
  )
}
