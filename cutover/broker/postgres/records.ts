import type { Tx } from '../../database/database.ts'
import { type FetchFrom, type LogRecord, type NewRecord, OffsetOutOfRange, partitionOf, type Topic, type TopicIdentity } from '../broker.ts'

// Partitions are locked in one order by every writer, so that two of them cannot wait for each other crosswise. The
// update then sees the newest row of each, so offsets go on where the last commit left them.
const appendSql = `
  with batch as (
    select * from unnest($2::int[], $3::text[], $4::text[], $5::text[]) with ordinality as b(partition, key, value, headers, place)
  ), need as (
    select partition, count(*) as count from batch group by partition
  ), locked as materialized (
    select id from topic_partition where topic_id = $1 and partition in (select partition from need) order by id for no key update
  ), taken as (
    update topic_partition p set next_offset = p.next_offset + need.count
      from need, locked where p.id = locked.id and p.topic_id = $1 and p.partition = need.partition
    returning p.id, p.partition, p.next_offset - need.count as first
  )
  insert into record (partition_id, "offset", key, value, headers, appended_at)
  select taken.id, taken.first + row_number() over (partition by batch.partition order by batch.place) - 1, batch.key, batch.value, batch.headers, clock_timestamp()
    from batch join taken using (partition)`

/**
 * Appends the batch in one statement, each record to the partition of its key. False when the topic is not there under
 * its id any more: nothing was appended.
 */
export async function appendRecords(tx: Tx, topic: Topic, records: readonly NewRecord[]): Promise<boolean> {
  const { rowCount } = await tx.query(appendSql, [
    topic.id,
    records.map(record => partitionOf(record.key, topic.partitions)),
    records.map(record => record.key),
    records.map(record => record.value),
    records.map(record => JSON.stringify(record.headers)),
  ])
  if (rowCount !== 0 && rowCount !== records.length) {
    throw new Error(`topic "${topic.name}": ${rowCount} of ${records.length} records were appended; its partitions are incomplete`)
  }
  return rowCount === records.length
}

// Bounds and records in one statement, so that they belong together. `take` shares the limit among the partitions that
// have something, so that a busy one does not starve the others. The range is exact on both sides, because offsets have
// no gaps; the limit is a literal, so that the planner knows that few rows are wanted.
const fetchSql = (limit: number): string => `
  with wanted as (
    select p.id, p.partition, f.after, p.start_offset, least(greatest(p.next_offset - f.after, 0), ${limit}) as have
      from unnest($2::int[], $3::bigint[]) as f(partition, after)
      join topic_partition p on p.topic_id = $1 and p.partition = f.partition
  ), shared as (
    select *, least(have, greatest(
             ${limit} / greatest(count(*) filter (where have > 0) over (), 1), 1, ${limit} - (sum(have) over () - have))) as take
      from wanted
  )
  select s.partition, s.start_offset, s.take, r."offset", r.key, r.value, r.headers, r.appended_at
    from shared s
    left join lateral (
      select * from record
       where record.partition_id = s.id and record."offset" >= s.after and record."offset" < s.after + s.take
       order by record."offset" limit ${limit}
    ) r on true
   order by s.partition, r."offset"`

interface FetchedRow {
  readonly partition: number
  readonly start_offset: string
  readonly take: string
  readonly offset: string | null
  readonly key: string
  readonly value: string
  readonly headers: string
  readonly appended_at: Date
}

/**
 * Up to `limit` records from the given offsets, in the order of each partition. Undefined when the topic is not there
 * under its id any more. Throws when records between the offset and the answer are gone, for whatever reason.
 */
export async function fetchRecords(
  tx: Tx,
  topic: TopicIdentity,
  from: readonly FetchFrom[],
  limit: number,
): Promise<readonly LogRecord[] | undefined> {
  const { rows } = await tx.query<FetchedRow>(fetchSql(limit), [
    topic.id,
    from.map(one => one.partition),
    from.map(one => one.offset.toString()),
  ])
  if (rows.length === 0) return undefined
  const found = Map.groupBy(rows, row => row.partition)
  for (const { partition, offset } of from) refuseGap(topic, partition, offset, found.get(partition) ?? [])
  return rows
    .filter(row => row.offset !== null)
    .slice(0, limit)
    .map(row => ({
      partition: row.partition,
      offset: BigInt(row.offset as string),
      key: row.key,
      value: row.value,
      headers: JSON.parse(row.headers) as Record<string, string>,
      appendedAt: row.appended_at,
    }))
}

function refuseGap(topic: TopicIdentity, partition: number, asked: bigint, rows: readonly FetchedRow[]): void {
  const first = rows[0]
  if (first === undefined) {
    throw new RangeError(`topic "${topic.name}" has no partition ${partition}`)
  }
  const start = BigInt(first.start_offset)
  if (asked < start) throw new OffsetOutOfRange(topic.name, partition, asked, start)
  const count = first.offset === null ? 0 : rows.length
  if (count !== Number(first.take)) {
    throw new Error(
      `topic "${topic.name}" partition ${partition} lacks records between ${asked} and ${asked + BigInt(first.take)}; somebody removed them. Refill it from the outbox of its producer`,
    )
  }
}
