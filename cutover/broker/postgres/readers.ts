import type { Tx } from '../../database/database.ts'
import type { FetchFrom, Overdue, TopicIdentity } from '../broker.ts'
import type { Retention } from './retention.ts'

/** Records that a reader had not read when they were thrown away. */
export interface Unread {
  readonly reader: string
  readonly topic: string
  readonly partition: number
  readonly records: number
}

export const keepMsOf = ({ keepHours }: Retention): number => keepHours * 3_600_000

/** Notes how far a reader has come; answers with what is half as old as it may become and not read by it. */
export async function noteProgress(
  tx: Tx,
  reader: string,
  topic: TopicIdentity,
  from: readonly FetchFrom[],
  retention: Retention,
): Promise<readonly Overdue[]> {
  const { rows } = await tx.query<{ partition: number; age_ms: number | null }>(
    `with noted as (
       insert into reader (partition_id, reader, "offset")
       select p.id, $2, n."offset" from topic_partition p join unnest($3::int[], $4::bigint[]) as n(partition, "offset") using (partition)
        where p.topic_id = $1
       on conflict (partition_id, reader) do update set "offset" = excluded."offset", noted_at = excluded.noted_at
       returning partition_id, "offset"
     )
     select p.partition, extract(epoch from clock_timestamp() - oldest.appended_at)::float8 * 1000 as age_ms
       from noted join topic_partition p on p.id = noted.partition_id
       left join lateral (select appended_at from record r where r.partition_id = p.id and r."offset" >= noted."offset"
                           order by r."offset" limit 1) oldest on true`,
    [topic.id, reader, from.map(one => one.partition), from.map(one => one.offset.toString())],
  )
  const keepMs = keepMsOf(retention)
  return rows.flatMap(({ partition, age_ms: ageMs }) => (ageMs === null || ageMs <= keepMs / 2 ? [] : [{ partition, ageMs, keepMs }]))
}

/** Who has not read what lies below the start of a partition; only once the start has been moved. */
export async function unreadBelow(tx: Tx, partitions: readonly string[]): Promise<readonly Unread[]> {
  const { rows } = await tx.query<Unread>(
    `select r.reader, t.name as topic, p.partition, (p.start_offset - r."offset")::int as records
       from reader r join topic_partition p on p.id = r.partition_id join topic t on t.id = coalesce(p.topic_id, p.quarantine_of)
      where p.id = any($1::bigint[]) and r."offset" < p.start_offset`,
    [partitions],
  )
  return rows
}

export async function forgetSilent(tx: Tx, before: Date): Promise<void> {
  await tx.query('delete from reader where noted_at < $1', [before])
}
