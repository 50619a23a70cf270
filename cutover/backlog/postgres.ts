import type { Database } from '../database/database.ts'
import { type BacklogStore, lookMax, type Retries, type SetAside, type Waiting } from './store.ts'

// A sequence says the value that it would begin with before it has given one.
const extentSql = `
  select (select case when is_called then last_value else 0 end from outbox_position)::text as drawn,
         (select count(*)::int from (select from http_retry limit $2) as waiting) as retries,
         coalesce((select jsonb_object_agg(lane, position) from relay_lane where lane = any($1::text[])), '{}') as passed`

const countSql = (own: string): string => `
  select count(*)::int as facts from (select from outbox where position > $1 and ${own} limit $2) as own`
const publishedSql = countSql('publish')
const calledSql = countSql(`stamps -> $3 ->> 'route' = 'http'`)

const waitingSql = `
  select l.lane, l.link, coalesce(r.position, 0)::text as position,
         case when r.until > clock_timestamp() then r.holder end as holder,
         near.facts, near.seen >= ${lookMax} as more,
         extract(epoch from clock_timestamp() - near.oldest)::float8 * 1000 as "oldestMs"
    from unnest($1::text[], $2::text[]) with ordinality as l(lane, link, place)
         left join relay_lane r on r.lane = l.lane
         cross join lateral (
           select count(*) filter (where own)::int as facts, count(*)::int as seen, min(created_at) filter (where own) as oldest
             from (select created_at, case when l.link is null then publish else stamps -> l.link ->> 'route' = 'http' end as own
                     from outbox where outbox.position > coalesce(r.position, 0)
                    order by outbox.position limit ${lookMax}) as ahead) as near
   order by l.place`

const retriesSql = `
  select link, count(*)::int as count, max(attempts) as attempts,
         extract(epoch from min(next_at) - clock_timestamp())::float8 * 1000 as "nextInMs"
    from http_retry group by link order by link`

const setAsideSql = `
  select link, sum(dead)::int as dead, sum(parked)::int as parked
    from (select link, count(*) as dead, 0 as parked from dead_letter where state in ('open', 'replaying') group by link
           union all
          select link, 0, count(*) from parked group by link) as kept
   group by link order by link`

export const openBacklogStore = (database: Database): BacklogStore => ({
  async extent(lanes, limit) {
    const { rows } = await database.query<{ drawn: string; retries: number; passed: Record<string, number> }>(extentSql, [lanes, limit])
    const row = rows[0]
    const passed = Object.fromEntries(lanes.map(lane => [lane, row?.passed[lane] ?? 0]))
    return { drawn: Number(row?.drawn ?? 0), retries: row?.retries ?? 0, passed }
  },
  async count({ link }, beyond, limit) {
    const { rows } =
      link === null
        ? await database.query<{ facts: number }>(publishedSql, [beyond, limit])
        : await database.query<{ facts: number }>(calledSql, [beyond, limit, link])
    return rows[0]?.facts ?? 0
  },
  async waiting(carriers) {
    const { rows } = await database.query<Waiting>(waitingSql, [carriers.map(one => one.lane), carriers.map(one => one.link)])
    return rows
  },
  async retries() {
    return (await database.query<Retries>(retriesSql, [])).rows
  },
  async setAside() {
    return (await database.query<SetAside>(setAsideSql, [])).rows
  },
})
