import { type Database, sqlState, type Tx } from '../database/database.ts'

export interface PartitionOptions {
  /** Rows per partition: the unit in which the outbox is thrown away. */
  readonly rows: number
  /** Partitions that exist beyond the newest position, so that an append never meets a missing one. */
  readonly ahead: number
  /** Nothing younger is dropped, whatever its state: operators look at it, and a log that lost data is refilled from it. */
  readonly keepMinutes: number
}

export const defaultPartitions: PartitionOptions = { rows: 100_000, ahead: 8, keepMinutes: 60 }

const nameOf = (from: number): string => `outbox_${String(from).padStart(15, '0')}`
const maintainerLock = 'pg_try_advisory_xact_lock(1129665615, 2)'

/** Makes the partitions that will be needed. Attaches them, which does not stop appends; several instances may call it at once. */
export async function ensurePartitions(database: Database, options: PartitionOptions): Promise<void> {
  await database.transaction(async tx => {
    await tx.query('select pg_advisory_xact_lock(1129665615, 2)')
    const { rows } = await tx.query<{ last: string; upper: string | null }>(
      `select (select last_value from outbox_position) as last, max(substring(relname from 8)::bigint) as upper
         from pg_inherits join pg_class on oid = inhrelid where inhparent = 'outbox'::regclass`,
    )
    const last = Number(rows[0]?.last ?? 0)
    const upper = rows[0]?.upper
    const first = upper == null ? Math.floor(last / options.rows) * options.rows : Number(upper) + options.rows
    for (let from = first; from <= last + options.ahead * options.rows; from += options.rows) {
      const name = nameOf(from)
      await tx.query(`create table ${name} (like outbox including defaults including indexes)`)
      await tx.query(`alter table outbox attach partition ${name} for values from (${from}) to (${from + options.rows})`)
    }
  })
}

/**
 * Drops the partitions of which every fact is terminal: every lane that reads the outbox has passed them (the position
 * of a `sweep:` lane is terminal-through), no delivery of theirs waits for a retry, and they are old enough. Resolves
 * with the names that were dropped; a busy table is left for the next call.
 */
export async function dropTerminalPartitions(
  database: Database,
  lanes: readonly string[],
  options: PartitionOptions,
): Promise<readonly string[]> {
  try {
    return await database.transaction(async tx => {
      const { rows } = await tx.query<{ got: boolean }>(`select ${maintainerLock} as got`)
      return rows[0]?.got === true ? dropIn(tx, lanes, options) : []
    })
  } catch (error) {
    if (sqlState(error) === '55P03') return []
    throw error
  }
}

async function dropIn(tx: Tx, lanes: readonly string[], options: PartitionOptions): Promise<readonly string[]> {
  const { rows } = await tx.query<{ through: string | null; lanes: number }>(
    'select min(position) as through, count(*)::int as lanes from relay_lane where lane = any($1::text[])',
    [lanes],
  )
  // A lane that has never run has read nothing.
  if (rows[0]?.through == null || rows[0].lanes < lanes.length) return []
  const through = Number(rows[0].through)
  const { rows: tables } = await tx.query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on oid = inhrelid where inhparent = 'outbox'::regclass order by relname`,
  )
  const dropped: string[] = []
  await tx.query(`set local lock_timeout = '200ms'`)
  for (const { name } of tables) {
    const upper = Number(name.slice('outbox_'.length)) + options.rows
    if (upper - 1 > through) break
    const { rows: uses } = await tx.query<{ used: boolean }>(
      `select exists (select 1 from http_retry where position < ${upper})
           or exists (select 1 from ${name} where created_at > now() - interval '${options.keepMinutes} minutes') as used`,
    )
    if (uses[0]?.used !== false) break
    await tx.query(`alter table outbox detach partition ${name}`)
    await tx.query(`drop table ${name}`)
    dropped.push(name)
  }
  return dropped
}
