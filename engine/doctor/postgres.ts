import type { Database, Tx } from 'cutover/database'
import type { Route } from '../api/contract.ts'
import { readHistory } from '../history/history.ts'
import { runId } from '../run/store.ts'
import type { Explained, OwnBooks } from './found.ts'

/** Reads what the engine's own database says, with the engine's clock at the moment at which it told its own. */
export async function readOwnBooks(database: Database, now: () => number): Promise<{ readonly own: OwnBooks; readonly nowMs: number }> {
  const rowsOf = async <Row extends object>(sql: string): Promise<Row[]> => (await database.query<Row>(sql, [])).rows
  // The first question of a connection takes its time: the second is the one that is measured.
  await rowsOf('select 1')
  const [clock] = await rowsOf<{ now_ms: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms')
  const nowMs = now()
  const settings = await rowsOf<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes')`,
  )
  const [lease] = await rowsOf<{ term: string; free_ms: number }>(
    `select term, case when until = '-infinity' then 1e12
                       else greatest(0, extract(epoch from clock_timestamp() - until) * 1000) end::float8 as free_ms from engine_lease`,
  )
  const epochs = await rowsOf<{ service: string; epoch: string }>('select service, epoch from epoch_seen')
  const databases = await rowsOf<{ service: string; database: string; since: Date }>(
    'select service, database, seen_at as since from service_database',
  )
  const registry = await rowsOf<OwnBooks['registry'][number]>('select event, version, digest from registered_event order by event, version')
  const { intact } = await readHistory(database, { limit: 0 })
  const own: OwnBooks = {
    databaseMs: clock?.now_ms ?? 0,
    settings: Object.fromEntries(settings.map(({ name, setting }) => [name, setting])),
    lease: { term: Number(lease?.term ?? 0), freeMs: lease?.free_ms ?? 1e12 },
    epochs: Object.fromEntries(epochs.map(({ service, epoch }) => [service, Number(epoch)])),
    explained: await explained(database),
    databases: Object.fromEntries(databases.map(({ service, ...known }) => [service, known])),
    registry,
    historyIntact: intact,
  }
  return { own, nowMs }
}

/** What has moved each link last: the run that ended, or a switch by hand after it. */
async function explained(database: Database): Promise<ReadonlyMap<string, Explained>> {
  const runs = await database.query<{ link: string; number: string; route: Route; at: Date }>(
    `select distinct on (link) link, number, case ended when 'completed' then route_to else route_from end as route, turned_at as at
       from run where ended is not null order by link, number desc`,
    [],
  )
  const switched = await database.query<{ link: string; numbers: string; at: Date }>(
    `select distinct on (link) link, numbers, at from history
      where action in ('switch moved', 'switch unchanged') order by link, number desc`,
    [],
  )
  const last = new Map<string, Explained & { readonly at: Date }>(
    runs.rows.map(({ link, number, route, at }) => [link, { route, by: runId(Number(number)), at }]),
  )
  for (const { link, numbers, at } of switched.rows) {
    const { to } = JSON.parse(numbers) as { to: Route }
    const before = last.get(link)
    if (before === undefined || before.at < at) last.set(link, { route: to, by: `a switch by hand at ${at.toISOString()}`, at })
  }
  return last
}

/** Notes which database a service uses: the first that it tells, and another only when a person has confirmed it. */
export async function noteDatabase(database: Tx, service: string, own: string, confirmed: boolean): Promise<void> {
  await database.query(
    `insert into service_database as known (service, database) values ($1, $2)
     on conflict (service) do update set database = excluded.database, seen_at = now() where $3 and known.database <> excluded.database`,
    [service, own, confirmed],
  )
}
