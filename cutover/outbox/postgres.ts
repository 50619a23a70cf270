import { type Database, sqlState } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { beginUnderSwitch } from '../switch/postgres.ts'
import type { NewFact } from './fact.ts'
import type { OutboxStore, Range } from './store.ts'

/** The columns of an `OutboxRow`. */
export const outboxColumns = 'position, fact_id, event, version, business_key, order_key, revision, removed, stamps, traceparent, bytes'

const fields = 'fact_id, event, version, business_key, order_key, revision, removed, stamps, publish, traceparent, bytes'
const types = ['uuid', 'text', 'int', 'text', 'text', 'bigint', 'bool', 'jsonb', 'bool', 'text', 'text']

/** Appends under the epoch `$1`. `source` gives the facts as rows of `fields` and their place. */
const appendSql = (source: string): string => `
  insert into outbox (${fields})
  select ${fields.replaceAll(/\b(?=[a-z])/g, 'f.')} from ${source} as f(${fields}, place)
   where (select epoch from switch_epoch where seen <= epoch) = $1
     and exists (select 1 from registered_version r where r.event = f.event and r.version = f.version)
   order by f.place
  returning position, fact_id`

/** One statement for any number of facts: arrays, a column each. */
const manySql = appendSql(`unnest(${types.map((type, index) => `$${index + 2}::${type}[]`).join(', ')}) with ordinality`)

/** A few facts are listed: measured with one fact, half again as fast as arrays of one. One statement per count. */
const listedMax = 4
const listedSql = Array.from({ length: listedMax + 1 }, (_, count) => {
  const row = (place: number): string =>
    `(${types.map((type, index) => `$${place * types.length + index + 2}::${type}`).join(', ')}, ${place})`
  return appendSql(`(values ${Array.from({ length: count }, (_, place) => row(place)).join(', ')})`)
})

const columnsOf = (fact: NewFact, traceparent: string | null): readonly unknown[] => [
  fact.factId,
  fact.event,
  fact.version,
  fact.businessKey,
  fact.orderKey,
  fact.revision,
  fact.removed === true,
  JSON.stringify(fact.stamps),
  fact.publish,
  traceparent,
  fact.bytes,
]

const nameOf = ({ from }: Range): string => `outbox_${String(from).padStart(15, '0')}`
const diskFull = '53100'
const noRoom = (cause: unknown): Problem =>
  new Problem('capacity', { detail: 'the disk under the database is full; nothing was recorded. Try again later', retryable: true, cause })
const maintainer = '1129665615, 2'

export const openOutboxStore = (database: Database): OutboxStore => ({
  transaction: work =>
    database.transaction(work, beginUnderSwitch).catch((error: unknown) => {
      throw sqlState(error) === diskFull ? noRoom(error) : error
    }),
  async append(tx, epoch, facts, traceparent) {
    const rowsOf = facts.map(fact => columnsOf(fact, traceparent))
    const listed = facts.length <= listedMax
    const { rows } = await tx.query<{ position: string; fact_id: string }>(
      (listed ? listedSql[facts.length] : undefined) ?? manySql,
      listed ? [epoch, ...rowsOf.flat()] : [epoch, ...types.map((_, column) => rowsOf.map(row => row[column]))],
    )
    return rows.map(row => ({ factId: row.fact_id, position: row.position }))
  },
  async epoch(tx) {
    const { rows } = await tx.query<{ epoch: string; seen: string }>('select epoch, seen from switch_epoch', [])
    return { epoch: Number(rows[0]?.epoch), seen: Number(rows[0]?.seen) }
  },

  async maintain(work, others) {
    try {
      return await database.transaction(async tx => {
        if (others === 'wait') await tx.query(`select pg_advisory_xact_lock(${maintainer})`)
        else {
          const { rows } = await tx.query<{ got: boolean }>(`select pg_try_advisory_xact_lock(${maintainer}) as got`)
          if (rows[0]?.got !== true) return 'busy'
          await tx.query(`set local lock_timeout = '200ms'`)
        }
        return { done: await work(tx) }
      })
    } catch (error) {
      if (others === 'leave' && sqlState(error) === '55P03') return 'busy'
      throw error
    }
  },
  async partitions(tx) {
    const { rows } = await tx.query<{ from: string; to: string }>(
      `select bound[1] as from, bound[2] as to
         from pg_inherits join pg_class on oid = inhrelid,
              regexp_match(pg_get_expr(relpartbound, oid), 'FROM \\(''(\\d+)''\\) TO \\(''(\\d+)''\\)') as bound
        where inhparent = 'outbox'::regclass order by bound[1]::bigint`,
    )
    return rows.map(row => ({ from: Number(row.from), to: Number(row.to) }))
  },
  async drawn(tx) {
    const { rows } = await tx.query<{ last: string }>('select last_value as last from outbox_position')
    return Number(rows[0]?.last ?? 0)
  },
  async addPartition(tx, range) {
    await tx.query(`create table ${nameOf(range)} (like outbox including defaults including indexes)`)
    await tx.query(`alter table outbox attach partition ${nameOf(range)} for values from (${range.from}) to (${range.to})`)
  },
  async passedBy(tx, lanes) {
    const { rows } = await tx.query<{ through: string | null; lanes: number }>(
      'select min(position) as through, count(*)::int as lanes from relay_lane where lane = any($1::text[])',
      [lanes],
    )
    return rows[0]?.through == null || rows[0].lanes < lanes.length ? undefined : Number(rows[0].through)
  },
  async inUse(tx, range, minutes) {
    const { rows } = await tx.query<{ used: boolean }>(
      `select exists (select 1 from http_retry r where position >= ${range.from} and position < ${range.to}
                          and not exists (select 1 from outbox_carried c where (c.link, c.position) = (r.link, r.position)))
           or exists (select 1 from ${nameOf(range)} where created_at > now() - interval '${minutes} minutes') as used`,
    )
    return rows[0]?.used !== false
  },
  async dropPartition(tx, range) {
    await tx.query(`alter table outbox detach partition ${nameOf(range)}`)
    await tx.query(`drop table ${nameOf(range)}`)
  },
})
