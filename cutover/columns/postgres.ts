import type { Database, Tx } from '../database/database.ts'
import { markOf } from './columns.ts'
import type { ColumnChange } from '../contract/columns.ts'
import type { BothForms, ColumnStand, ColumnStep, Direction, ColumnStore, ColumnUse, FillJob } from './store.ts'

/** Whoever waits for a table makes everybody behind it wait as well. */
const shortly = `set local lock_timeout = '500ms'`
const hidden = (old: string): string => `${old}_quarantined`
const guardOf = ({ change, table }: ColumnChange): string => `${table}_${change.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`
const addedOf = ({ required, optional }: ColumnChange): readonly string[] => [required, ...optional]

interface JobRow {
  readonly direction: Direction
  readonly state: FillJob['state']
  readonly asked_by: string
  readonly cursor: string | null
  readonly total: string
  readonly filled: string
  readonly took_ms: number
}

const toJob = (row: JobRow): FillJob => ({
  direction: row.direction,
  state: row.state,
  askedBy: row.asked_by,
  cursor: row.cursor,
  total: Number(row.total),
  filled: Number(row.filled),
  tookMs: row.took_ms,
})

const jobColumns = `direction, state, asked_by, cursor, total, filled,
  extract(epoch from coalesce(ended_at, clock_timestamp()) - began_at)::float8 * 1000 as took_ms`

/** What the catalogue says of a table. */
interface Shape extends Pick<ColumnStand, 'added' | 'guard' | 'old' | 'relaxed'> {
  readonly constraint: 'none' | 'there' | 'valid'
}

const steps: Readonly<Record<ColumnStep, (change: ColumnChange, shape: Shape) => readonly string[]>> = {
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
  // From now on a writer of the old column that does not fill the new ones is refused. Other changes of a row that is not
  // filled yet go on.
  guard: (change, { guard }) =>
    guard === 'none'
      ? [
          `create trigger ${guardOf(change)} before insert or update of ${change.old} on ${change.table}
             for each row execute function column_guard('${change.required}')`,
        ]
      : [],
  unguard: change => [
    `drop trigger if exists ${guardOf(change)} on ${change.table}`,
    `alter table ${change.table} drop constraint if exists ${guardOf(change)}`,
  ],
  constrain: (change, { constraint }) =>
    constraint === 'none'
      ? [`alter table ${change.table} add constraint ${guardOf(change)} check (${change.required} is not null) not valid`]
      : [],
  // Reads all rows, and stops nobody.
  validate: change => [`alter table ${change.table} validate constraint ${guardOf(change)}`],
  // Who writes the old column no more is not asked for the new one: the constraint is.
  relax: change => [
    `drop trigger if exists ${guardOf(change)} on ${change.table}`,
    `alter table ${change.table} alter column ${change.old} drop not null`,
  ],
  tighten: change => [`alter table ${change.table} alter column ${change.old} set not null`],
  quarantine: (change, shape) =>
    shape.old === 'present'
      ? [
          `drop trigger if exists ${guardOf(change)} on ${change.table}`,
          `alter table ${change.table} rename column ${change.old} to ${hidden(change.old)}`,
        ]
      : [],
  restore: ({ table, old }, shape) => (shape.old === 'quarantined' ? [`alter table ${table} rename column ${hidden(old)} to ${old}`] : []),
  drop: ({ table, old }) => [`alter table ${table} drop column if exists ${hidden(old)}`],
}

const bothSql = (change: ColumnChange, after: boolean): string =>
  `select ${change.cursor.column}::text as key, ${change.old} as old,
          json_build_object(${addedOf(change)
            .map(column => `'${column}', ${column}`)
            .join(', ')}) as parts from ${change.table} ${markOf(change.change)}
    where ${after ? `${change.cursor.column} > $2::${change.cursor.type}` : 'true'} order by ${change.cursor.column} limit $1`

export function openColumnStore(database: Database): ColumnStore {
  async function shapeOf(tx: Tx, change: ColumnChange): Promise<Shape | null> {
    const { rows } = await tx.query<{
      kind: string | null
      columns: string[]
      checked: boolean | null
      guarded: boolean
      relaxed: boolean
    }>(
      `select (select relkind from pg_class where oid = to_regclass($1)) as kind,
              (select coalesce(array_agg(attname::text), '{}') from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped) as columns,
              (select convalidated from pg_constraint where conrelid = to_regclass($1) and conname = $2) as checked,
              exists (select from pg_trigger where tgrelid = to_regclass($1) and tgname = $2) as guarded,
              exists (select from pg_attribute where attrelid = to_regclass($1) and attname = $3 and not attnotnull) as relaxed`,
      [change.table, guardOf(change), change.old],
    )
    const { kind = null, columns = [], checked = null, guarded = false, relaxed = false } = rows[0] ?? {}
    // In the place of a copy in quarantine there is a view.
    if (kind !== 'r') return null
    return {
      added: addedOf(change).every(column => columns.includes(column)) ? 'present' : 'absent',
      guard: checked === true ? 'all_rows' : guarded ? 'new_rows' : 'none',
      relaxed,
      constraint: checked === null ? 'none' : checked ? 'valid' : 'there',
      old: columns.includes(change.old) ? 'present' : columns.includes(hidden(change.old)) ? 'quarantined' : 'absent',
    }
  }

  const named = ({ change, table }: ColumnChange): [string, string] => [change, table]

  return {
    transaction: work => database.transaction(work),
    async stand(change) {
      const found = await shapeOf(database, change)
      if (found === null) return null
      const { constraint: _, ...shape } = found
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
      const shape = await shapeOf(tx, change)
      if (shape === null) return
      for (const statement of steps[step](change, shape)) await tx.query(statement)
      // What was noted before it was hidden says nothing about who reaches for it now.
      if (step === 'quarantine') await tx.query('delete from column_use where change = $1 and table_name = $2', named(change))
    },
    async begin(tx, change, direction, askedBy) {
      if ((await shapeOf(tx, change)) === null) return
      await tx.query(
        `insert into column_fill as f (change, table_name, asked_by, state, total, direction)
         select $1, $2, $3, 'filling', count(*), $4 from ${change.table} where ${direction === 'back' ? 'true' : `${change.required} is null`}
         on conflict (change, table_name) do update set asked_by = excluded.asked_by, state = 'filling', cursor = null,
           total = excluded.total, filled = 0, direction = excluded.direction, began_at = clock_timestamp(), ended_at = null
          where f.asked_by <> excluded.asked_by or f.state = 'cancelled' or f.direction <> excluded.direction`,
        [...named(change), askedBy, direction],
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
    async page(tx, change, after, limit) {
      const { rows } = await tx.query<BothForms>(
        `${bothSql(change, after !== null)} for no key update`,
        after === null ? [limit] : [limit, after],
      )
      return rows
    },
    async fill(tx, change, rows) {
      const added = addedOf(change)
      const { rowCount } = await tx.query(
        `update ${change.table} as t set ${added.map(column => `${column} = r.${column}`).join(', ')}
           from unnest($1::${change.cursor.type}[], ${added.map((_, at) => `$${at + 2}::text[]`).join(', ')}) as r(key, ${added.join(', ')})
          where t.${change.cursor.column} = r.key and t.${change.required} is null`,
        [rows.map(row => row.key), ...added.map((_, at) => rows.map(row => row.parts[at] ?? null))],
      )
      return rowCount
    },
    async fillBack(tx, change, rows) {
      const { rowCount } = await tx.query(
        `update ${change.table} as t set ${change.old} = r.old ${markOf(change.change)}
           from unnest($1::${change.cursor.type}[], $2::text[]) as r(key, old)
          where t.${change.cursor.column} = r.key and t.${change.old} is distinct from r.old`,
        [rows.map(row => row.key), rows.map(row => row.old)],
      )
      return rowCount
    },
    async passed(tx, change, { cursor, filled, over }) {
      await tx.query(
        `update column_fill set cursor = coalesce($3, cursor), filled = filled + $4,
           state = case when $5 then 'done' else state end, ended_at = case when $5 then clock_timestamp() end
          where change = $1 and table_name = $2`,
        [...named(change), cursor, filled, over],
      )
    },
    async both(change, after, limit) {
      if ((await shapeOf(database, change)) === null) return []
      const { rows } = await database.query<BothForms>(bothSql(change, after !== null), after === null ? [limit] : [limit, after])
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
