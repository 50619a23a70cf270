import { fromHeaders, type Headers } from '../contract/headers.ts'
import type { Database } from '../database/database.ts'
import { type Overdue, pairsMax, pairsShownMax, type ParityStore, type StoredPair, type Totals } from './store.ts'

const ms = (column: string): string => `extract(epoch from ${column})::float8 * 1000`

interface Row {
  readonly fact_id: string
  readonly business_key: string
  readonly acted: string | null
  readonly acted_ms: number | null
  readonly recorded_ms: number
  readonly headers: string
  readonly bytes: string
}

export const openParityStore = (database: Database): ParityStore => ({
  transaction: work => database.transaction(work),
  async undecided(tx, link) {
    const { rows } = await tx.query<Row>(
      `select fact_id, business_key, acted, ${ms('acted_at')} as acted_ms, ${ms('recorded_at')} as recorded_ms, headers, bytes from parity
        where link = $1 and verdict is null and recorded_at is not null order by recorded_at limit ${pairsMax} for update skip locked`,
      [link],
    )
    return rows.map(row => ({
      factId: row.fact_id,
      businessKey: row.business_key,
      acted: row.acted,
      actedMs: row.acted_ms,
      recordedMs: row.recorded_ms,
      message: fromHeaders(JSON.parse(row.headers) as Headers, row.bytes),
    }))
  },
  async overdue(tx, link, afterMs) {
    const { rows } = await tx.query<{ fact_id: string; business_key: string }>(
      `select fact_id, business_key from parity
        where link = $1 and verdict is null and recorded_at is null and acted_at < clock_timestamp() - $2::float8 * interval '1 ms'
        order by acted_at limit ${pairsMax} for update skip locked`,
      [link, afterMs],
    )
    return rows.map((row): Overdue => ({ factId: row.fact_id, businessKey: row.business_key }))
  },
  async settle(tx, link, judged) {
    if (judged.length === 0) return
    await tx.query(
      // The message has done its service once the pair is equal; a difference keeps it for whoever looks into it.
      `update parity p set verdict = j.verdict, by_http = j.by_http, by_event = j.by_event, judged_at = clock_timestamp(),
              headers = case when j.verdict in ('equal', 'late') then null else p.headers end,
              bytes = case when j.verdict in ('equal', 'late') then null else p.bytes end
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as j(fact_id, verdict, by_http, by_event)
        where p.link = $1 and p.fact_id = j.fact_id`,
      [
        link,
        judged.map(one => one.factId),
        judged.map(one => one.verdict),
        judged.map(one => (one.byHttp === null ? null : JSON.stringify(one.byHttp))),
        judged.map(one => (one.byEvent === null ? null : JSON.stringify(one.byEvent))),
      ],
    )
  },
  async nowMs(tx) {
    const { rows } = await tx.query<{ now: number }>(`select ${ms('clock_timestamp()')} as now`, [])
    return rows[0]?.now ?? 0
  },
  async forget(keepMs) {
    await database.query(
      `delete from parity where (link, fact_id) in (
         select link, fact_id from parity where judged_at < clock_timestamp() - $1::float8 * interval '1 ms' limit 5000)`,
      [keepMs],
    )
  },
  async totals(link, since, settleMs) {
    const { rows } = await database.query<Totals>(
      `select count(*) filter (where verdict is not null or acted_at < clock_timestamp() - $3::float8 * interval '1 ms')::int as facts,
              count(*) filter (where verdict = 'equal')::int as equal, count(*) filter (where verdict = 'different')::int as different,
              count(*) filter (where verdict = 'missing')::int as missing, count(*) filter (where verdict = 'extra')::int as extra,
              count(*) filter (where verdict = 'late')::int as late, count(*) filter (where verdict is null)::int as undecided,
              round(count(*) filter (where judged_at > clock_timestamp() - interval '10 s') / 10.0, 1)::float8 as rate
         from parity where link = $1 and epoch >= $2`,
      [link, since, settleMs],
    )
    return rows[0] as Totals
  },
  async pairs(link, since, { verdict, key }) {
    const { rows } = await database.query<Omit<StoredPair, 'by_http' | 'by_event'> & { by_http: string | null; by_event: string | null }>(
      `select business_key as key, fact_id, coalesce(verdict, 'undecided') as verdict, by_http, by_event,
              to_json(acted_at) #>> '{}' as acted_at, to_json(recorded_at) #>> '{}' as recorded_at
         from parity where link = $1 and epoch >= $2 and ($3::text is null or coalesce(verdict, 'undecided') = $3)
                       and ($4::text is null or business_key = $4)
        order by coalesce(judged_at, recorded_at, acted_at) desc limit ${pairsShownMax}`,
      [link, since, verdict, key],
    )
    return rows.map(row => ({
      ...row,
      by_http: row.by_http === null ? null : JSON.parse(row.by_http),
      by_event: row.by_event === null ? null : JSON.parse(row.by_event),
    }))
  },
})
