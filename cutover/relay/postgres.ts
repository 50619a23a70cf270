import type { Database } from '../database/database.ts'
import { openAgain } from '../database/open-again-sql.ts'
import { storable } from '../database/storable.ts'
import { stretchSql } from '../database/stretch-sql.ts'
import { outboxColumns } from '../outbox/postgres.ts'
import { switchHoldersSql } from '../switch/postgres.ts'
import { lookedAt } from './postgres/looked-at.ts'
import { refillOperations } from './postgres/refill.ts'
import {
  candidatesMax,
  type DueRetry,
  type IssuedRow,
  type LaneRow,
  leaseMs,
  openMax,
  type OutboxSource,
  readMax,
  type RelayStore,
  type Rest,
} from './store.ts'

// The limit is a literal and the range sargable: with a parameter the planner forgets that few rows are wanted.
const readSql = (own: string): string => `
  select position, fact_id, event, version, business_key, order_key, revision, removed, stamps, traceparent,
         case when ${own} then bytes end as bytes,
         extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as age_ms
    from outbox where outbox.position > $1 order by outbox.position limit ${readMax}`

const publishedSql = readSql('publish')
const calledSql = readSql(`stamps -> $2 ->> 'route' = 'http'`)
const issuedSql = stretchSql('outbox', 'stamps ? $3')
// Beyond the sweep's position is what it has not compared yet; below it, what was carried over is all that is open.
const openSql = `
  select l.link, least(${openMax},
           (select count(*) from (select from outbox o where o.position > l.through and o.stamps ? l.link
                                   order by o.position limit ${openMax}) as beyond)
           + (select count(*) from (select from outbox_carried c where c.link = l.link and c.position <= l.through
                                     limit ${openMax}) as carried))::int as open
    from (select named.link, coalesce(s.position, 0) as through
            from unnest($1::text[]) as named(link) left join relay_lane s on s.lane = 'sweep:' || named.link) as l`
// The bytes of a retry are in the outbox, or carried over, or for a while in both.
const dueSql = `
  select o.*, r.attempts
    from http_retry r cross join lateral (
           select ${outboxColumns} from outbox where position = r.position
            union all
           select ${outboxColumns} from outbox_carried where link = r.link and position = r.position
            limit 1) as o
   where r.link = $1 and r.next_at <= clock_timestamp() order by r.next_at limit $2`

const issuedRowsSql = `${lookedAt('outbox')} where stamps ? $1 and position > $2 and position <= $3 order by position`
const carriedSql = `${lookedAt('outbox_carried')} where link = $1 and position > $2 order by position limit $3`
const carriedColumns =
  'position, fact_id, event, version, business_key, order_key, revision, removed, stamps, publish, traceparent, bytes, created_at'

export function openRelayStore(database: Database): RelayStore {
  const source = (sql: string, values: readonly unknown[]): OutboxSource => ({
    async read(after) {
      const { rows } = await database.query<LaneRow>(sql, [after.toString(), ...values])
      return rows
    },
    async holders() {
      const { rows } = await database.query<{ holder: string }>(switchHoldersSql, [])
      return new Set(rows.map(row => row.holder))
    },
  })

  return {
    async acquire(lane, holder) {
      await database.query('insert into relay_lane (lane) values ($1) on conflict do nothing', [lane])
      const { rows } = await database.query<{ term: string; position: string }>(
        `update relay_lane set holder = $2, term = term + 1, until = clock_timestamp() + interval '${leaseMs} ms'
          where lane = $1 and (until < clock_timestamp() or holder = $2) returning term, position`,
        [lane, holder],
      )
      const row = rows[0]
      return row === undefined ? undefined : { term: row.term, position: BigInt(row.position) }
    },
    async advance(lane, term, position) {
      const { rowCount } = await database.query(
        `update relay_lane set position = greatest(position, $3), until = clock_timestamp() + interval '${leaseMs} ms'
          where lane = $1 and term = $2 and holder is not null`,
        [lane, term, position.toString()],
      )
      return rowCount === 1
    },
    async fallBack(lane, term, position) {
      await database.query('update relay_lane set position = least(position, $3) where lane = $1 and term = $2 and holder is not null', [
        lane,
        term,
        position.toString(),
      ])
    },
    async release(lane, term) {
      await database.query(`update relay_lane set holder = null, until = '-infinity' where lane = $1 and term = $2`, [lane, term])
    },
    async drawn() {
      const { rows } = await database.query<{ last: string }>('select last_value as last from outbox_position', [])
      return BigInt(rows[0]?.last ?? 0)
    },

    published: source(publishedSql, []),
    called: link => source(calledSql, [link]),

    async retryLater(link, failures, attempts, delayMs) {
      await database.query(
        `insert into http_retry (link, position, fact_id, attempts, last_error, next_at)
         select $1, f.position, f.fact_id, $5, f.error, clock_timestamp() + $6::float8 * interval '1 ms'
           from unnest($2::bigint[], $3::uuid[], $4::text[]) as f(position, fact_id, error)
          where exists (select from outbox o where o.position = f.position)
             or exists (select from outbox_carried c where (c.link, c.position) = ($1, f.position))
         on conflict do nothing`,
        [
          link,
          failures.map(one => one.position),
          failures.map(one => one.factId),
          failures.map(one => storable(one.error)),
          attempts,
          delayMs,
        ],
      )
    },
    async due(link, limit) {
      const { rows } = await database.query<DueRetry>(dueSql, [link, limit])
      return rows
    },
    async retryAgain(link, position, error, delayMs) {
      await database.query(
        `update http_retry set attempts = attempts + 1, last_error = $3, next_at = clock_timestamp() + $4::float8 * interval '1 ms'
          where link = $1 and position = $2`,
        [link, position, storable(error), delayMs],
      )
    },
    async settle(link, positions) {
      await database.query('delete from http_retry where link = $1 and position = any($2::bigint[])', [link, positions])
    },
    async bury(link, row, attempts, code, error) {
      await database.transaction(async tx => {
        await tx.query(
          `insert into dead_letter (side, link, fact_id, code, error, attempts, bytes, headers, origin)
           values ('relay', $1, $2, $3, $4, $5, convert_to($6, 'UTF8'), $7, $8) on conflict (side, link, origin) do ${openAgain}`,
          [
            link,
            row.fact_id,
            code,
            storable(error),
            attempts,
            row.bytes,
            JSON.stringify({ event: row.event, version: row.version, stamps: row.stamps }),
            row.position,
          ],
        )
        await tx.query('delete from http_retry where link = $1 and position = $2', [link, row.position])
      })
    },
    async retries() {
      const { rows } = await database.query<{ count: number }>('select count(*)::int as count from http_retry', [])
      return rows[0]?.count ?? 0
    },

    async delivered(lanes) {
      const { rows } = await database.query<{ position: string | null }>(
        'select min(position) as position from relay_lane where lane = any($1::text[])',
        [lanes],
      )
      return BigInt(rows[0]?.position ?? 0)
    },
    async issued(link, from, to) {
      const { rows } = await database.query<{ count: number; digest: string }>(issuedSql, [from.toString(), to.toString(), link])
      return { from: from.toString(), to: to.toString(), count: rows[0]?.count ?? 0, digest: rows[0]?.digest ?? '' }
    },
    async issuedRows(link, stretch) {
      const { rows } = await database.query<IssuedRow>(issuedRowsSql, [link, stretch.from, stretch.to])
      return rows
    },

    ...refillOperations(database),

    async carryOver(link, positions) {
      await database.query(
        `insert into outbox_carried (link, ${carriedColumns})
         select $1, ${carriedColumns} from outbox where position = any($2::bigint[])
         on conflict do nothing`,
        [link, positions],
      )
    },
    async carried(link, after, limit) {
      const { rows } = await database.query<IssuedRow>(carriedSql, [link, after.toString(), limit])
      return rows
    },
    async carriedCount(link) {
      const { rows } = await database.query<{ count: number }>('select count(*)::int as count from outbox_carried where link = $1', [link])
      return rows[0]?.count ?? 0
    },
    async letGo(link, positions) {
      // With the retries: their bytes go.
      await database.query(
        `with over as (delete from outbox_carried where link = $1 and position = any($2::bigint[]) returning position)
         delete from http_retry where link = $1 and position in (select position from over)`,
        [link, positions],
      )
    },
    async held(link, facts) {
      const { rows } = await database.query<{ fact_id: string }>(
        `select fact_id from outbox where fact_id = any($1::uuid[]) and stamps ? $2
          union
         select fact_id from outbox_carried where fact_id = any($1::uuid[]) and link = $2`,
        [facts, link],
      )
      return rows.map(row => row.fact_id)
    },
    async statedFor(link, route, since) {
      // Positions rise with epochs: what was stated since one lies beyond the last fact of the link that was stated before it.
      const { rows } = await database.query<{ issued: number; newest: string }>(
        `with before as materialized (
           select position from outbox where $3::bigint > 0 and (stamps -> $1 ->> 'epoch')::bigint < $3 order by position desc limit 1
         )
         select count(*)::int as issued, coalesce(max((stamps -> $1 ->> 'epoch')::bigint), 0) as newest
           from (select stamps from outbox
                  where position > coalesce((select position from before), 0) and stamps -> $1 ->> 'route' = $2
                  union all
                 select stamps from outbox_carried c
                  where link = $1 and stamps -> $1 ->> 'route' = $2 and (stamps -> $1 ->> 'epoch')::bigint >= $3
                    and not exists (select from outbox o where o.position = c.position)) as own`,
        [link, route, since],
      )
      return { issued: rows[0]?.issued ?? 0, newest: Number(rows[0]?.newest ?? 0) }
    },
    async rest(link, route, compared, since) {
      // In one statement, so that what becomes terminal meanwhile is in all of it or in none. Everything at or below the
      // sweep's position is terminal or carried over, as far as the receiver remembers it: only what lies beyond, or is
      // carried, has to be asked after.
      const { rows } = await database.query<Rest>(
        `with swept as materialized (select coalesce(max(position), 0) as through from relay_lane where lane = 'sweep:' || $1),
         own as materialized (
           select position, fact_id from outbox
            where position > (select least(through, $3::bigint) from swept)
              and stamps -> $1 ->> 'route' = $2 and (stamps -> $1 ->> 'epoch')::bigint >= $4
            union
           select position, fact_id from outbox_carried
            where link = $1 and stamps -> $1 ->> 'route' = $2 and (stamps -> $1 ->> 'epoch')::bigint >= $4
         ), few as materialized (select position, fact_id from own order by position limit ${candidatesMax})
         select (select count(*)::int from own) as open,
                array(select fact_id from few order by position) as candidates,
                array(select r.fact_id from http_retry r join few on few.position = r.position where r.link = $1) as retrying,
                array(select d.fact_id from dead_letter d join few on few.fact_id = d.fact_id
                       where d.side = 'relay' and d.link = $1 and d.state in ('open', 'replaying')) as dead,
                (select $3::bigint < through and coalesce((select min(position) from outbox) > $3::bigint + 1, true) from swept) as gone`,
        [link, route, compared.toString(), since],
      )
      return rows[0] as Rest
    },
    async open(links) {
      const { rows } = await database.query<{ link: string; open: number }>(openSql, [links])
      return Object.fromEntries(rows.map(row => [row.link, row.open]))
    },
  }
}
