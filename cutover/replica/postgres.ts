import { type Database, sqlState, type Tx } from '../database/database.ts'
import { wake } from '../receive/postgres.ts'
import { markOf } from '../columns/columns.ts'
import type { ColumnMode } from '../contract/columns.ts'
import { type ColumnType, type Kept, keyOf, keyParts, type ReplicaDefinition, type Row, waitFor } from './definition.ts'
import { Quarantined, type ReplicaStore, type Standing, type TableState, type Told, type Touch } from './store.ts'

/**
 * What PostgreSQL says of a table that is not there; what the tripwire says; and what is said before the tripwire of an
 * insert that goes by a key, because the view in the table's place has none.
 */
const outOfReach = new Set(['42P01', 'CU001', '42P10'])
/** Whoever waits for a table makes everybody behind it wait as well. */
const shortly = `set local lock_timeout = '500ms'`
const hidden = (table: string): string => `${table}_quarantined`
const counter = (table: string): string => `${table}_touched`

/** A digest of what is kept of a row; the owner's rows have the same one when the copy is right. */
export const digestOf = (expressions: readonly string[]): string => `md5(json_build_array(${expressions.join(', ')})::text)`

/** What the reader's code calls a column, as an expression over what the table has. */
export function shownColumn({ change }: ReplicaDefinition, mode: ColumnMode, name: string, prefix = ''): string {
  const moved = change !== undefined && change.old === name && (mode === 'new' || mode === 'only')
  return moved ? change.oldSql(prefix) : `${prefix}${name}`
}

/** The columns that the table has, and how each comes out of a row; `may` says that it can be empty. */
function columnsOf({ columns, change }: ReplicaDefinition, mode: ColumnMode): readonly TableColumn[] {
  const plain = Object.entries<ColumnType>(columns).map(([name, type]): TableColumn => ({ name, type, may: false, of: row => row[name] }))
  if (change === undefined || mode === 'old') return plain
  const added = [change.required, ...change.optional].map((name): TableColumn => ({
    name,
    type: 'text',
    // Rows of instances that do not write it yet have none; whoever guards the table ends that.
    may: mode !== 'only' || name !== change.required,
    of: row => change.lens.up(String(row[change.old]))[name] ?? null,
  }))
  return [...plain.filter(({ name }) => mode !== 'only' || name !== change.old), ...added]
}

interface TableColumn {
  readonly name: string
  readonly type: ColumnType
  readonly may: boolean
  of(row: Row): unknown
}

/**
 * The copy of one link. `who` is noted when this process reaches for a table that is in quarantine; `mode` says what this
 * instance does about a column that changes.
 */
export function openReplicaStore(database: Database, definition: ReplicaDefinition, who: string, mode: ColumnMode = 'old'): ReplicaStore {
  const { link, table, key } = definition
  const [id] = key
  const idType = definition.columns[id] as ColumnType
  const columns = columnsOf(definition, mode).map(column => [column.name, column.type, column] as const)
  const names = columns.map(([name]) => name)
  const logical = Object.keys(definition.columns)
  const mark = definition.change === undefined ? '' : markOf(definition.change.change)
  const told = `unnest(${[...columns.map(([, type], at) => `$${at + 1}::${type === 'jsonb' ? 'text' : type}[]`), `$${names.length + 1}::bigint[]`, `$${names.length + 2}::boolean[]`].join(', ')})
    as t(${[...names, 'revision', 'removed'].join(', ')})`
  const value = (name: string, type: ColumnType): string => (type === 'jsonb' ? `t.${name}::jsonb` : `t.${name}`)
  const keepSql = `
    insert into ${table} ${mark} (${names.join(', ')}, revision, removed)
    select ${columns.map(([name, type]) => value(name, type)).join(', ')}, t.revision, t.removed from ${told} order by t.${id}
    on conflict (${id}) do update set ${[...names, 'revision', 'removed'].map(name => `${name} = excluded.${name}`).join(', ')}, stored_at = now()
     where ${table}.revision < excluded.revision
    returning ${id}::text as id`
  const standsSql = `
    select k.${id}::text as id, k.revision, k.removed,
           (${logical.map(name => shownColumn(definition, mode, name, 'k.')).join(', ')}) is not distinct from (${logical
             .map(name => (definition.columns[name] === 'jsonb' ? value(name, 'jsonb') : shownColumn(definition, mode, name, 't.')))
             .join(', ')}) as same
      from ${told} join ${table} k ${mark} on k.${id} = t.${id}`
  const shown = `${logical.map(name => (key.includes(name) ? `${name}::text as ${name}` : `${shownColumn(definition, mode, name)} as ${name}`)).join(', ')}, revision ${mark}`
  const findSql = `select ${shown} from ${table} where not removed and ${id} = any($1::${idType}[])`
  const listSql = (after: boolean): string =>
    `select ${shown} from ${table} where not removed ${after ? `and ${id} > $2::${idType}` : ''} order by ${table}.${id} limit $1`
  const createSql = `create table if not exists ${table} ${mark} (${columns.map(([name, type, { may }]) => `${name} ${type}${may ? '' : ' not null'}`).join(', ')},
    revision bigint not null default 1, removed boolean not null default false, stored_at timestamptz not null default now(), primary key (${id}))`
  type Shown = Row & { readonly revision: string }

  const touched = async (what: string): Promise<void> => {
    await database.query(
      `insert into replica_touch (replica, who, what) values ($1, $2, $3)
       on conflict (replica, who, what) do update set count = replica_touch.count + 1, last_at = now()`,
      [table, who, what],
    )
  }

  /** Who reaches for a table that is out of reach is noted, beside the transaction that ends with it. */
  async function reach<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      const state = sqlState(error)
      if (state === undefined || !outOfReach.has(state)) throw error
      if (state === '42P10') await database.query('select nextval(to_regclass($1))', [counter(table)])
      if (state !== '42P01') await touched(what)
      throw new Quarantined(`the copy of ${link} is ${state === '42P01' ? 'not there' : 'in quarantine'}`, { cause: error })
    }
  }

  const toKept = ({ revision, ...row }: Shown): Kept => ({ row, revision: Number(revision) })

  async function stateIn(tx: Tx): Promise<TableState> {
    const { rows } = await tx.query<{ there: string | null; aside: string | null }>(
      `select (select relkind from pg_class where oid = to_regclass($1)) as there, to_regclass($2)::text as aside`,
      [table, hidden(table)],
    )
    if (rows[0]?.aside != null) return 'quarantined'
    return rows[0]?.there === 'r' ? 'present' : 'absent'
  }

  return {
    async keep(tx, all) {
      const values = [
        ...columns.map(([, type, column]) => all.map(({ row }) => (type === 'jsonb' ? JSON.stringify(column.of(row)) : column.of(row)))),
        all.map(one => one.revision),
        all.map(one => one.removed),
      ]
      return reach('kept', async () => {
        const { rows: stored } = await tx.query<{ id: string }>(keepSql, values)
        const fresh = new Set(stored.map(row => row.id))
        const stands = new Map<string, Standing>()
        if (fresh.size < all.length) {
          const { rows } = await tx.query<{ id: string; revision: string; removed: boolean; same: boolean }>(standsSql, values)
          for (const row of rows)
            stands.set(row.id, { stored: false, revision: Number(row.revision), removed: row.removed, same: row.same })
        }
        return all.map(({ row, revision, removed }: Told): Standing => {
          const one = String(row[id])
          return fresh.has(one) ? { stored: true, revision, removed, same: true } : (stands.get(one) as Standing)
        })
      })
    },
    async find(keys, tx = database) {
      const ids = keys.map(one => keyParts(one)[0])
      const { rows } = await reach('read', () => tx.query<Shown>(findSql, [ids]))
      return new Map(rows.map(row => [keyOf(definition, row), toKept(row)]))
    },
    async list(after, limit) {
      const from = after === null ? [] : keyParts(after).slice(0, 1)
      const { rows } = await reach('read', () => database.query<Shown>(listSql(after !== null), [limit, ...from]))
      return rows.map(toKept)
    },
    wake: (tx, keys) =>
      wake(
        tx,
        keys.map(one => waitFor(link, one)),
      ),

    async state() {
      const state = await stateIn(database)
      if (state === 'absent') return { state, rows: 0, quietMs: null }
      const { rows } = await database.query<{ rows: number; quiet: number | null }>(
        `select (select count(*)::int from ${state === 'present' ? table : hidden(table)}) as rows,
                (select extract(epoch from clock_timestamp() - quiet_since)::float8 * 1000 from replica_quarantine where replica = $1) as quiet`,
        [table],
      )
      return { state, rows: rows[0]?.rows ?? 0, quietMs: rows[0]?.quiet ?? null }
    },
    async create(tx = database) {
      if (tx !== database) await tx.query(shortly)
      await tx.query(createSql)
    },
    async quarantine(tx) {
      await tx.query(shortly)
      if ((await stateIn(tx)) !== 'present') return
      await tx.query('delete from replica_touch where replica = $1', [table])
      await tx.query('insert into replica_quarantine (replica) values ($1)', [table])
      await tx.query(`alter table ${table} rename to ${hidden(table)}`)
      await tx.query(`create sequence ${counter(table)}`)
      // The condition is asked once, before any row, and of an empty table as well.
      await tx.query(`create view ${table} as select * from ${hidden(table)} where (select replica_tripwire('${table}'))`)
      await tx.query(
        `create trigger ${table}_tripwire instead of insert or update or delete on ${table} for each row execute function replica_tripwire_row()`,
      )
    },
    async restore(tx) {
      await tx.query(shortly)
      if ((await stateIn(tx)) !== 'quarantined') return
      await tx.query(`drop view ${table}`)
      await tx.query(`drop sequence ${counter(table)}`)
      await tx.query(`alter table ${hidden(table)} rename to ${table}`)
      await tx.query('delete from replica_quarantine where replica = $1', [table])
    },
    async drop(tx) {
      await tx.query(shortly)
      const state = await stateIn(tx)
      if (state === 'quarantined') {
        await tx.query(`drop view ${table}`)
        await tx.query(`drop sequence ${counter(table)}`)
        await tx.query(`drop table ${hidden(table)}`)
      }
      if (state === 'present') await tx.query(`drop table ${table}`)
      await tx.query('delete from replica_touch where replica = $1', [table])
      await tx.query('delete from replica_quarantine where replica = $1', [table])
    },
    async touches() {
      const { rows } = await database.query<Touch>(
        `select who, what, count::int as count, to_char(last_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last_at
           from replica_touch where replica = $1 order by last_at desc`,
        [table],
      )
      const { rows: drawn } = await database.query<{ last: number | null }>(
        `select pg_sequence_last_value(to_regclass($1))::int as last where to_regclass($1) is not null`,
        [counter(table)],
      )
      const count = drawn[0]?.last ?? 0
      // When it was reached for is known by the look that finds the count changed: no later than the truth, by one look.
      await database.query('update replica_quarantine set drawn = $2, quiet_since = clock_timestamp() where replica = $1 and drawn <> $2', [
        table,
        count,
      ])
      const nameless = count - rows.reduce((sum, one) => sum + one.count, 0)
      return nameless > 0 ? [...rows, { who: 'somebody who is none of these', what: 'reached', count: nameless, last_at: '' }] : rows
    },
  }
}
