import type { Database } from '../database/database.ts'
import type { SourceDefinition } from './source.ts'
import type { SnapshotJob, SnapshotState, SnapshotStore, SourceRow } from './store.ts'

interface JobRow {
  readonly link: string
  readonly asked_by: string
  readonly state: SnapshotState
  readonly cursor: string | null
  readonly total: string
  readonly copied: string
  readonly through: string | null
  readonly took_ms: number
}

const columns = `link, asked_by, state, cursor, total, copied, through,
  extract(epoch from coalesce(ended_at, clock_timestamp()) - began_at)::float8 * 1000 as took_ms`

const toJob = (row: JobRow): SnapshotJob => ({
  link: row.link,
  askedBy: row.asked_by,
  state: row.state,
  cursor: row.cursor,
  total: Number(row.total),
  copied: Number(row.copied),
  through: row.through,
  tookMs: row.took_ms,
})

function pageSql({ from, table, cursor, columns: fields, revision, removed }: SourceDefinition, after: boolean): string {
  const payload = Object.entries(fields).map(([name, expression]) => `'${name}', ${expression}`)
  return `select ${cursor.column}::text as cursor, json_build_object(${payload.join(', ')}) as payload,
                 ${revision ?? 'null'}::int as revision, ${removed ?? 'false'} as removed
            from ${from} ${after ? `and ${cursor.column} > $2::${cursor.type}` : ''}
           order by ${cursor.column} limit $1 for share of ${table}`
}

export const openSnapshotStore = (database: Database): SnapshotStore => ({
  transaction: work => database.transaction(work),
  async begin(tx, source, link, askedBy) {
    await tx.query(
      `insert into snapshot as s (link, asked_by, state, total) select $1, $2, 'telling', count(*) from ${source.from}
       on conflict (link) do update set asked_by = excluded.asked_by, state = 'telling', cursor = null, total = excluded.total, copied = 0,
         through = null, began_at = clock_timestamp(), ended_at = null
        where s.asked_by <> excluded.asked_by or s.state = 'cancelled'`,
      [link, askedBy],
    )
  },
  async cancel(tx, link, askedBy) {
    await tx.query(
      `update snapshot set state = 'cancelled', ended_at = clock_timestamp() where link = $1 and asked_by = $2 and state <> 'cancelled'`,
      [link, askedBy],
    )
  },
  async job(link) {
    const { rows } = await database.query<JobRow>(`select ${columns} from snapshot where link = $1`, [link])
    return rows[0] === undefined ? null : toJob(rows[0])
  },
  async unfinished() {
    const { rows } = await database.query<{ link: string }>(
      `select link from snapshot where state in ('telling', 'told') order by link`,
      [],
    )
    return rows.map(row => row.link)
  },
  async take(tx, link) {
    const { rows } = await tx.query<JobRow>(
      // Not while the link is not produced: what would be stated then is told to nobody.
      `select ${columns} from snapshot s where link = $1 and state in ('telling', 'told')
          and exists (select from switch_link l where l.link = s.link and l.route = 'event')
          for update of s skip locked`,
      [link],
    )
    return rows[0] === undefined ? undefined : toJob(rows[0])
  },
  async page(tx, source, after, limit) {
    const { rows } = await tx.query<SourceRow>(pageSql(source, after !== null), after === null ? [limit] : [limit, after])
    return rows
  },
  async told(tx, link, cursor, rows, over) {
    await tx.query(
      `update snapshot set cursor = coalesce($2, cursor), copied = copied + $3, state = case when $4 then 'told' else state end where link = $1`,
      [link, cursor, rows, over],
    )
  },
  async finish(tx, link) {
    await tx.query(
      `update snapshot set state = 'done', through = (select coalesce(max(position), 0) from outbox), ended_at = clock_timestamp() where link = $1`,
      [link],
    )
  },
  async backlog() {
    const { rows } = await database.query<{ behind: string }>(
      `select greatest(0, last_value - coalesce((select position from relay_lane where lane = 'event'), 0)) as behind from outbox_position`,
      [],
    )
    return Number(rows[0]?.behind ?? 0)
  },
  async passed(link) {
    const { rows } = await database.query<{ position: string }>('select position from relay_lane where lane = $1', [`sweep:${link}`])
    return rows[0]?.position ?? '0'
  },
})
