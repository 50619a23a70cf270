import { type Database, sqlState, type Tx } from '../../database/database.ts'

export interface Retention {
  /** The span of one table of records, in minutes. */
  readonly spanMinutes: number
  /** How long records are kept, in hours. A reader that sleeps longer finds a gap, stops, and is refilled from the outbox. */
  readonly keepHours: number
}

export const defaultRetention: Retention = { spanMinutes: 60, keepHours: 48 }

const aheadSpans = 3
const lock = 'pg_advisory_xact_lock(1129665615, 3)'
const nameOf = (from: Date): string =>
  `record_${from
    .toISOString()
    .replaceAll(/[-:]|\..*$/g, '')
    .toLowerCase()}`

/** Makes the tables that the next spans need, and drops those whose records are all too old. One process at a time does it. */
export async function maintainRecords(database: Database, retention: Retention, now: Date): Promise<void> {
  const spanMs = retention.spanMinutes * 60_000
  await database.transaction(async tx => {
    await tx.query(`select ${lock}`)
    const first = Math.floor(now.getTime() / spanMs) * spanMs
    for (let n = -1; n <= aheadSpans; n++) await make(tx, new Date(first + n * spanMs), new Date(first + (n + 1) * spanMs))
  })
  try {
    await database.transaction(async tx => {
      await tx.query(`select ${lock}`)
      await tx.query(`set local lock_timeout = '200ms'`)
      await drop(tx, new Date(now.getTime() - retention.keepHours * 3_600_000), spanMs)
    })
  } catch (error) {
    // Busy: the next call finds it again.
    if (sqlState(error) !== '55P03') throw error
  }
}

async function make(tx: Tx, from: Date, to: Date): Promise<void> {
  const { rows } = await tx.query<{ there: boolean }>(`select to_regclass('${nameOf(from)}') is not null as there`)
  if (rows[0]?.there === true) return
  await tx.query(`create table ${nameOf(from)} (like record including indexes)`)
  await tx.query(`alter table record attach partition ${nameOf(from)} for values from ('${from.toISOString()}') to ('${to.toISOString()}')`)
}

async function drop(tx: Tx, before: Date, spanMs: number): Promise<void> {
  const { rows } = await tx.query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on oid = inhrelid where inhparent = 'record'::regclass and relname < $1 order by relname`,
    [nameOf(new Date(Math.floor(before.getTime() / spanMs) * spanMs))],
  )
  for (const { name } of rows) {
    await tx.query(
      `update topic_partition p set start_offset = greatest(p.start_offset, r.next)
         from (select partition_id, max("offset") + 1 as next from ${name} group by 1) r where r.partition_id = p.id`,
    )
    await tx.query(`alter table record detach partition ${name}`)
    await tx.query(`drop table ${name}`)
  }
}
