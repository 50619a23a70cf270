import type { TracePlace, TracePlaceName } from '../contract/trace.ts'
import type { Database } from '../database/database.ts'
import { factsMax, lookedThroughMax, type TraceStore } from './store.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** The id is the key, the entity, a part of the key, or the trace. */
const matches = `(business_key = $1 or order_key = $1 or $1 = any(string_to_array(business_key, ':')) or split_part(traceparent, '-', 2) = $1)`
/** Of headers that may be anything only the text is looked at: as JSON they might not be readable. */
const inHeaders = `(strpos(headers, '"' || $1 || '"') > 0 or strpos(headers, ':' || $1 || ':') > 0 or strpos(headers, ':' || $1 || '"') > 0
  or strpos(headers, '-' || $1 || '-') > 0)`

// Of equal ids the newest fact first: they are made of the time.
const namedSql = `
  select fact_id::text as fact from (
    select fact_id from (select fact_id, business_key, order_key, traceparent from outbox
                          where position > (select coalesce(max(position), 0) from outbox) - ${lookedThroughMax}) as newest where ${matches}
    union select fact_id from outbox_carried where ${matches}
    union select fact_id from parity where business_key = $1
    union select fact_id from parked where ${inHeaders}
    union select fact_id from dead_letter where fact_id is not null and ${inHeaders}
  ) as found order by fact_id desc limit ${factsMax + 1}`

const knownSql = `
  select ($1::uuid)::text as fact where exists (select from outbox where fact_id = $1::uuid) or exists (select from outbox_carried where fact_id = $1::uuid)
     or exists (select from receipt where fact_id = $1::uuid) or exists (select from parked where fact_id = $1::uuid)
     or exists (select from dead_letter where fact_id = $1::uuid) or exists (select from parity where fact_id = $1::uuid)
     or exists (select from http_retry where fact_id = $1::uuid)`

const issued = (table: string, own: string): string => `
  select l.link, o.fact_id::text as fact, o.created_at as at, json_build_object(
           'position', o.position::text, 'event', o.event, 'version', o.version, 'key', o.business_key, 'entity', o.order_key,
           'revision', o.revision, 'route', o.stamps -> l.link ->> 'route', 'epoch', (o.stamps -> l.link ->> 'epoch')::bigint,
           'shadow', o.publish and o.stamps -> l.link ->> 'route' = 'http',
           'published', case when o.publish then coalesce(e.position, 0) >= o.position end,
           'compared', coalesce(s.position, 0) >= o.position) as numbers
    from ${table} as o cross join lateral (${own}) as l(link)
    left join relay_lane e on e.lane = 'event' left join relay_lane s on s.lane = 'sweep:' || l.link
   where o.fact_id = any($1::uuid[])`

/** By place: rows of link, fact, at and numbers. Errors of others are not told: they may say anything. */
const placesSql: Readonly<Partial<Record<TracePlaceName, string>>> = {
  outbox: issued('outbox', 'select jsonb_object_keys(o.stamps)'),
  carried: issued('outbox_carried', 'select o.link'),
  retry: `select link, fact_id::text as fact, first_failed_at as at, json_build_object('attempts', attempts, 'next_at', next_at) as numbers
            from http_retry where fact_id = any($1::uuid[])`,
  receipt: `select link, fact_id::text as fact, at, json_build_object('outcome', outcome, 'rule', detail, 'via', via, 'position', position::text) as numbers
              from receipt where fact_id = any($1::uuid[])`,
  parked: `select link, fact_id::text as fact, parked_at as at, json_build_object('waits_for', waits_for, 'tries', tries) as numbers
             from parked where fact_id = any($1::uuid[])`,
  dead: `select link, fact_id::text as fact, created_at as at, json_build_object('id', id::text, 'code', code, 'attempts', attempts, 'state', state) as numbers
           from dead_letter where side = 'receive' and fact_id = any($1::uuid[])`,
  refused: `select link, fact_id::text as fact, created_at as at, json_build_object('id', id::text, 'code', code, 'attempts', attempts, 'state', state) as numbers
              from dead_letter where side = 'relay' and fact_id = any($1::uuid[])`,
  paired: `select link, fact_id::text as fact, coalesce(recorded_at, acted_at) as at,
                  json_build_object('recorded_at', recorded_at, 'acted_at', acted_at, 'acted', acted, 'verdict', verdict) as numbers
             from parity where fact_id = any($1::uuid[])`,
}

export const openTraceStore = (database: Database): TraceStore => ({
  async named(id) {
    const rowsOf = async (sql: string): Promise<string[]> => (await database.query<{ fact: string }>(sql, [id])).rows.map(row => row.fact)
    if (uuid.test(id)) {
      const facts = await rowsOf(knownSql)
      if (facts.length > 0) return { facts, cut: false }
    }
    if (/^\d{1,18}$/.test(id)) {
      const facts = await rowsOf('select fact_id::text as fact from dead_letter where id = $1::bigint and fact_id is not null')
      if (facts.length > 0) return { facts, cut: false }
    }
    const found = await rowsOf(namedSql)
    const { rows } = await database.query<{ longer: boolean }>(
      `select coalesce(max(position) - min(position), 0) >= ${lookedThroughMax} as longer from outbox`,
      [],
    )
    return { facts: found.slice(0, factsMax), cut: found.length > factsMax || rows[0]?.longer === true }
  },
  async places(facts) {
    const all: TracePlace[] = []
    for (const [place, sql] of Object.entries(placesSql)) {
      const { rows } = await database.query<Omit<TracePlace, 'place' | 'at'> & { at: Date | null }>(sql, [facts])
      all.push(...rows.map(({ at, ...row }) => ({ ...row, place: place as TracePlaceName, at: at?.toISOString() ?? null })))
    }
    return all
  },
})
