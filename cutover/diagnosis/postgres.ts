import type { Database } from '../database/database.ts'
import { countedMax, type DiagnosisStore, type Stored } from './store.ts'

const ago = (time: string): string => `(extract(epoch from clock_timestamp() - ${time}) * 1000)::float8`
/** Since when a lease is over; 0 while it holds. One that was given up, or never taken, has been over for ever. */
const over = (until: string): string =>
  `case when ${until} = '-infinity' then 1e12 when ${until} > clock_timestamp() then 0 else ${ago(until)} end`

/** What lies in a place, by link and by why: how much of it, and the oldest. */
const waiting = (place: string, time: string, from: string, why = `''`): string =>
  `select link, '${place}' as place, why, count(*)::int as count, max(${ago('since')}) as oldest_ms,
          (array_agg(fact_id::text order by since))[1] as fact
     from (select link, fact_id, ${time} as since, ${why} as why from ${from} order by ${time} limit ${countedMax}) as few group by link, why`

const buried = (side: string): string => `dead_letter where side = '${side}' and state in ('open', 'replaying')`
/** The row or version that one message waits for is nobody's concern here; the kind of it is. */
const waitsFor = `case when waits_for ~ '^(capability|version|stamp):' then waits_for else split_part(waits_for, ':', 1) end`

const waitingSql = [
  // Beyond the sweep a fact is open as far as anybody knows; what the sweep has passed is terminal, or carried over.
  `select l.link, 'outbox' as place, '' as why, o.count, o.oldest_ms, o.fact
     from unnest($1::text[]) as l(link) left join relay_lane s on s.lane = 'sweep:' || l.link
    cross join lateral (
      select count(*)::int as count, max(${ago('created_at')}) as oldest_ms, (array_agg(fact_id::text order by position))[1] as fact
        from (select fact_id, position, created_at from outbox
               where position > coalesce(s.position, 0) and stamps ? l.link order by position limit ${countedMax}) as few) as o
    where o.count > 0`,
  waiting('carried', 'created_at', 'outbox_carried'),
  waiting('retry', 'first_failed_at', 'http_retry'),
  waiting('parked', 'parked_at', 'parked', waitsFor),
  waiting('dead', 'created_at', buried('receive'), 'code'),
  waiting('refused', 'created_at', buried('relay'), 'code'),
].join('\n union all\n')

const settings = ['fsync', 'synchronous_commit', 'full_page_writes']

export const openDiagnosisStore = (database: Database): DiagnosisStore => ({
  async look(links) {
    const rowsOf = async <Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> =>
      (await database.query<Row>(sql, values)).rows
    const [identity] = await rowsOf<{ database: string; now_ms: number }>(
      `select (select system_identifier from pg_control_system()) || '/' || (select oid from pg_database where datname = current_database()) as database,
              (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms`,
    )
    const set = await rowsOf<{ name: string; setting: string }>('select name, setting from pg_settings where name = any($1::text[])', [
      settings,
    ])
    const instances = await rowsOf<{ id: string; silent_ms: number; capabilities: string }>(
      `select id, ${over('until')}::float8 as silent_ms, capabilities from instance order by id`,
    )
    const waits = await rowsOf<Stored['waiting'][number]>(waitingSql, [links])
    return {
      database: identity?.database ?? '',
      database_ms: identity?.now_ms ?? 0,
      settings: Object.fromEntries(set.map(({ name, setting }) => [name, setting])),
      instances: instances.map(({ id, silent_ms, capabilities }) => ({ id, silent_ms, ...declared(capabilities) })),
      switches: (
        await rowsOf<Stored['switches'][number] & { epoch: string }>(
          `select link, route, share, shadow, epoch, ${ago('changed_at')} as changed_ms from switch_link order by link`,
        )
      ).map(row => ({ ...row, epoch: Number(row.epoch) })),
      lanes: await rowsOf(`select lane, holder, ${over('until')}::float8 as free_ms, position from relay_lane order by lane`),
      partitions: await rowsOf(
        `select consumer, topic_id, partition, holder, ${over('until')}::float8 as free_ms, position from consumer_partition order by 1, 2, 3`,
      ),
      versions: await rowsOf('select event, version, digest from registered_version order by event, version'),
      produced: await rowsOf('select event, version from switch_event order by event'),
      waiting: waits,
      seen: (await rowsOf<{ link: string; epoch: string }>('select link, epoch from epoch_seen order by link')).map(({ link, epoch }) => ({
        link,
        epoch: Number(epoch),
      })),
      late: (
        await rowsOf<Stored['late'][number] & { count: string; epoch: string }>(
          `select link, route, count, fact_id as fact, epoch, ${ago('at')} as last_ms from late_arrival order by link, route`,
        )
      ).map(row => ({ ...row, count: Number(row.count), epoch: Number(row.epoch) })),
    }
  },
})

/** What an instance declared; one of a build that said something else declares nothing, and its build is not known. */
function declared(text: string): Pick<Stored['instances'][number], 'build' | 'capabilities' | 'versions'> {
  const { capabilities, versions, build } = JSON.parse(text) as Partial<Stored['instances'][number]>
  if (!Array.isArray(capabilities) || versions === undefined || typeof build !== 'string')
    return { build: null, capabilities: [], versions: {} }
  return { build, capabilities: capabilities as readonly string[], versions }
}
