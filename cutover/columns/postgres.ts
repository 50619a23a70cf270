import type { Database, Tx } from '../database/database.ts'
import { markOf } from './columns.ts'
import type { ColumnChange } from './definition.ts'
import type { ColumnStand, ColumnStep, ColumnStore, ColumnUse, FillJob } from './store.ts'

/** Whoever waits for a table makes everybody behind it wait as well. */
const shortly = `set local lock_timeout = '500ms'`
const hidden = (old: string): string => `${old}_quarantined`
const guardOf = ({ change, table }: ColumnChange): string => `${table}_${change.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`
const addedOf = ({ required, optional }: ColumnChange): readonly string[] => [required, ...optional]

interface JobRow {
  readonly state: FillJob['state']
  readonly asked_by: string
  readonly cursor: string | null
  readonly total: string
  readonly filled: string
  readonly took_ms: number
}

const toJob = (row: JobRow): FillJob => ({
  state: row.state,
  askedBy: row.asked_by,
  cursor: row.cursor,
  total: Number(row.total),
  filled: Number(row.filled),
  tookMs: row.took_ms,
})

const jobColumns = `state, asked_by, cursor, total, filled,
  extract(epoch from coalesce(ended_at, clock_timestamp()) - began_at)::float8 * 1000 as took_ms`

const steps: Readonly<Record<ColumnStep, (change: ColumnChange, stand: Pick<ColumnStand, 'old' | 'guard'>) => readonly string[]>> = {
  expand: change => [
    `alter table ${change.table} ${addedOf(change)
      .map(column => `add column if not exists ${column} text`)
      .join(', ')}`,
  ],
  retract: change => [
    `alter table ${change.table} ${addedOf(change)
      .map(column => `drop column if exists ${column}`)
      .join(', ')}`,
  ],
  // From now on a writer that does not know of the change is refused, and leaves no row behind that would stay empty.
  guard: (change, { guard }) =>
    guard === 'none'
      ? [`alter table ${change.table} add constraint ${guardOf(change)} check (${change.required} is not null) not valid`]
      : [],
  unguard: change => [`alter table ${change.table} drop constraint if exists ${guardOf(change)}`],
  // Reads all rows, and stops nobody.
  check: change => [`alter table ${change.table} validate constraint ${guardOf(change)}`],
  quarantine: ({ table, old }, stand) =>
    stand.old === 'present'
      ? [`alter table ${table} alter column ${old} drop not null`, `alter table ${table} rename column ${old} to ${hidden(old)}`]
      : [],
  restore: ({ table, old }, stand) => (stand.old === 'quarantined' ? [`alter table ${table} rename column ${hidden(old)} to ${old}`] : []),
  drop: ({ table, old }) => [`alter table ${table} drop column if exists ${hidden(old)}`],
}

export function openColumnStore(database: Database): ColumnStore {
  async function shapeOf(tx: Tx, change: ColumnChange): Promise<Pick<ColumnStand, 'added' | 'guard' | 'old'>> {
    const { rows } = await tx.query<{ columns: string[]; checked: boolean | null }>(
      `select (select coalesce(array_agg(attname::text), '{}') from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped) as columns,
              (select convalidated from pg_constraint where conrelid = to_regclass($1) and conname = $2) as checked`,
      [change.table, guardOf(change)],
    )
    const { columns = [], checked = null } = rows[0] ?? {}
    return {
      added: addedOf(change).every(column => columns.includes(column)) ? 'present' : 'absent',
      guard: checked === null ? 'none' : checked ? 'all_rows' : 'new_rows',
      old: columns.includes(change.old) ? 'present' : columns.includes(hidden(change.old)) ? 'quarantined' : 'absent',
    }
  }

  const named = ({ change, table }: ColumnChange): [string, string] => [change, table]

  return {
    transaction: work => database.transaction(work),
    async stand(change) {
      const shape = await shapeOf(database, change)
      const filled = shape.added === 'present' ? `count(${change.required})` : '0'
      const { rows } = await database.query<{ rows: number; filled: number }>(
        `select count(*)::int as rows, ${filled}::int as filled from ${change.table} ${markOf(change.change)}`,
      )
      const { rows: uses } = await database.query<ColumnUse & { quiet_ms: number }>(
        `select who, what, count::int as count, to_char(last_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last_at,
                extract(epoch from clock_timestamp() - last_at)::float8 * 1000 as quiet_ms
           from column_use where change = $1 and table_name = $2 order by last_at desc`,
        named(change),
      )
      return {
        ...shape,
        rows: rows[0]?.rows ?? 0,
        filled: rows[0]?.filled ?? 0,
        quietMs: uses[0]?.quiet_ms ?? null,
        uses: uses.map(({ quiet_ms: _, ...use }) => use),
      }
    },
    async step(tx, change, step) {
      await tx.query(shortly)
      for (const statement of steps[step](change, await shapeOf(tx, change))) await tx.query(statement)
      // What was noted before it was hidden says nothing about who reaches for it now.
      if (step === 'quarantine') await tx.query('delete from column_use where change = $1 and table_name = $2', named(change))
    },
    async begin(tx, change, askedBy) {
      await tx.query(
        `insert into column_fill as f (change, table_name, asked_by, state, total)
         select $1, $2, $3, 'filling', count(*) from ${change.table} where ${change.required} is null
         on conflict (change, table_name) do update set asked_by = excluded.asked_by, state = 'filling', cursor = null,
           total = excluded.total, filled = 0, began_at = clock_timestamp(), ended_at = null
          where f.asked_by <> excluded.asked_by or f.state = 'cancelled'`,
        [...named(change), askedBy],
      )
    },
    async cancel(tx, change, askedBy) {
      await tx.query(
        `update column_fill set state = 'cancelled', ended_at = clock_timestamp()
          where change = $1 and table_name = $2 and asked_by = $3 and state = 'filling'`,
        [...named(change), askedBy],
      )
    },
    async job(change) {
      const { rows } = await database.query<JobRow>(
        `select ${jobColumns} from column_fill where change = $1 and table_name = $2`,
        named(change),
      )
      return rows[0] === undefined ? null : toJob(rows[0])
    },
    async take(tx, change) {
      const { rows } = await tx.query<JobRow>(
        `select ${jobColumns} from column_fill where change = $1 and table_name = $2 and state = 'filling' for update skip locked`,
        named(change),
      )
      return rows[0] === undefined ? undefined : toJob(rows[0])
    },
    async page(tx, { change, table, cursor, old }, after, limit) {
      const { rows } = await tx.query<{ key: string; old: string }>(
        `select ${cursor.column}::text as key, ${old} as old from ${table} ${markOf(change)}
          where ${after === null ? 'true' : `${cursor.column} > $2::${cursor.type}`} order by ${cursor.column} limit $1 for no key update`,
        after === null ? [limit] : [limit, after],
      )
      return rows
    },
    async fill(tx, change, rows, over) {
      const added = addedOf(change)
      const { rowCount } = await tx.query(
        `update ${change.table} as t set ${added.map(column => `${column} = r.${column}`).join(', ')}
           from unnest($1::${change.cursor.type}[], ${added.map((_, at) => `$${at + 2}::text[]`).join(', ')}) as r(key, ${added.join(', ')})
          where t.${change.cursor.column} = r.key and t.${change.required} is null`,
        [rows.map(row => row.key), ...added.map((_, at) => rows.map(row => row.parts[at] ?? null))],
      )
      await tx.query(
        `update column_fill set cursor = coalesce($3, cursor), filled = filled + $4,
           state = case when $5 then 'done' else state end, ended_at = case when $5 then clock_timestamp() end
          where change = $1 and table_name = $2`,
        [...named(change), rows.at(-1)?.key ?? null, rowCount, over],
      )
    },
    async both(change, after, limit) {
      const added = addedOf(change)
      const { rows } = await database.query<{ key: string; old: string; parts: Record<string, string | null> }>(
        `select ${change.cursor.column}::text as key, ${change.old} as old,
                json_build_object(${added.map(column => `'${column}', ${column}`).join(', ')}) as parts from ${change.table} ${markOf(change.change)}
          where ${after === null ? 'true' : `${change.cursor.column} > $2::${change.cursor.type}`} order by ${change.cursor.column} limit $1`,
        after === null ? [limit] : [limit, after],
      )
      return rows
    },
    async used(change, who, uses) {
      await database.query(
        `insert into column_use as u (change, table_name, who, what, count) select $1, $2, $3, * from unnest($4::text[], $5::bigint[])
         on conflict (change, table_name, who, what) do update set count = u.count + excluded.count, last_at = clock_timestamp()`,
        [...named(change), who, uses.map(use => use.what), uses.map(use => use.count)],
      )
    },
  }
}
