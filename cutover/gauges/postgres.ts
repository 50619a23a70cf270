import type { Database } from '../database/database.ts'
import { countedMax, type GaugesStore, type Heap, type Heaps } from './store.ts'

/** Set in the transaction, so that a look at a database in trouble does not add to it. */
const patience = `select set_config('statement_timeout', '1000', true)`

const age = (from: string): string => `coalesce(extract(epoch from clock_timestamp() - min(${from})), 0)::float8`

// From where the lanes stand: what they have passed is delivered, or waits as a retry. The limits are literals, and the
// ranges sargable, so that a lane that keeps up costs a handful of rows.
const beyond = (lane: string, route: string): string =>
  `select created_at from outbox
    where outbox.position > coalesce((select relay_lane.position from relay_lane where lane = ${lane}), 0)
      and stamps -> leaving.link ->> 'route' = '${route}'
    order by outbox.position limit ${countedMax}`
const undeliveredSql = `
  select leaving.link, waiting.count, waiting.oldest
    from unnest($1::text[], $2::bool[]) as leaving(link, called)
   cross join lateral (
     select count(*)::int as count, ${age('at')} as oldest
       from ((${beyond(`'event'`, 'event')})
              union all
             (select created_at from (${beyond(`'http:' || leaving.link`, 'http')}) as calls where leaving.called)
              union all
             (select first_failed_at from http_retry where http_retry.link = leaving.link limit ${countedMax})) as each(at)
   ) as waiting`

const heapSql = (what: string, table: string, at: string, where = 'true'): string =>
  `select '${what}' as what, link, count(*)::int as count, ${age(at)} as oldest from ${table} where ${where} group by link`
const keptSql = [
  heapSql('dead', 'dead_letter', 'created_at', `state in ('open', 'replaying')`),
  heapSql('parked', 'parked', 'parked_at'),
  heapSql('retries', 'http_retry', 'first_failed_at'),
].join(' union all ')

type Row = Heap & { readonly link: string }

const byLink = (rows: readonly Row[]): Heaps => Object.fromEntries(rows.map(({ link, count, oldest }) => [link, { count, oldest }]))

export function openGaugesStore(database: Database): GaugesStore {
  const look = <Found extends object>(text: string, values: readonly unknown[]): Promise<Found[]> =>
    database.transaction(async tx => {
      await tx.query(patience, [])
      return (await tx.query<Found>(text, values)).rows
    })
  return {
    async undelivered(leaving) {
      return byLink(await look<Row>(undeliveredSql, [leaving.map(one => one.link), leaving.map(one => one.called)]))
    },
    async kept() {
      const rows = await look<Row & { readonly what: 'dead' | 'parked' | 'retries' }>(keptSql, [])
      const heaps = (what: string): Heaps => byLink(rows.filter(row => row.what === what))
      return { dead: heaps('dead'), parked: heaps('parked'), retries: heaps('retries') }
    },
    async nowMs() {
      const rows = await look<{ now: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as now', [])
      return rows[0]?.now ?? Number.NaN
    },
  }
}
