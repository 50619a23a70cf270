import type { Tx } from '../../database/database.ts'
import { type Range, shareLimit } from '../share.ts'
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

// Exact on both sides, because offsets have no gaps; the limit is a literal, so that the planner knows that few rows are wanted.
const readSql = (limit: number): string => `
  select s.partition, r."offset", r.key, r.value, r.headers, r.appended_at
    from unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[]) as s(id, partition, after, until)
   cross join lateral (
      select * from record
       where record.partition_id = s.id and record."offset" >= s.after and record."offset" < s.until
       order by record."offset" limit ${limit}
   ) r
   order by s.partition, r."offset"`

interface ReadRow {
  readonly partition: number
  readonly offset: string
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
  const ranges = await rangesOf(tx, topic, from)
  if (ranges === undefined) return undefined
  // Most looks of a reader that waits end here, without touching the records.
  const shares = shareLimit(ranges, limit)
  if (shares.length === 0) return []
  const { rows } = await tx.query<ReadRow>(readSql(limit), [
    shares.map(one => one.id),
    shares.map(one => one.partition),
    shares.map(one => one.after.toString()),
    shares.map(one => one.until.toString()),
  ])
  const read = shares.map(share => gapFree(share, rows))
  const records = read.flat()
  if (records.length < shares.reduce((sum, one) => sum + Number(one.until - one.after), 0)) {
    // Retention came in between, which the bounds now say; or somebody took records away behind the log.
    await rangesOf(tx, topic, from)
    // What is there before a gap is read first: then the next fetch begins at it.
    const { partition } = shares[read.findIndex(own => own.length === 0)] ?? {}
    const range = ranges.find(one => one.partition === partition)
    if (range !== undefined) throw await missing(tx, topic, range)
  }
  return records.map(row => ({
    partition: row.partition,
    offset: BigInt(row.offset),
    key: row.key,
    value: row.value,
    headers: JSON.parse(row.headers) as Record<string, string>,
    appendedAt: row.appended_at,
  }))
}

/** The rows of a share, up to the first that is missing. */
function gapFree({ partition, after }: Range, rows: readonly ReadRow[]): readonly ReadRow[] {
  const own = rows.filter(row => row.partition === partition)
  const gap = own.findIndex((row, place) => BigInt(row.offset) !== after + BigInt(place))
  return gap === -1 ? own : own.slice(0, gap)
}

/** The gap at the beginning of a range, with the next record that exists. */
async function missing(tx: Tx, topic: TopicIdentity, range: Bounds): Promise<Error> {
  const { rows } = await tx.query<{ next: string | null }>(
    'select min("offset") as next from record where partition_id = $1 and "offset" >= $2 and "offset" < $3',
    [range.id, range.after.toString(), range.until.toString()],
  )
  const resume = BigInt(rows[0]?.next ?? range.until)
  return new OffsetOutOfRange(topic.name, { partition: range.partition, wanted: range.after, start: range.start, end: range.until, resume })
}

interface Bounds extends Range {
  readonly id: string
  readonly start: bigint
}

/** What there is to read in each partition that was asked for. */
async function rangesOf(tx: Tx, topic: TopicIdentity, from: readonly FetchFrom[]): Promise<readonly Bounds[] | undefined> {
  const { rows } = await tx.query<{ id: string; partition: number; start_offset: string; next_offset: string }>(
    'select id, partition, start_offset, next_offset from topic_partition where topic_id = $1',
    [topic.id],
  )
  if (rows.length === 0) return undefined
  const byPartition = new Map(rows.map(row => [row.partition, row]))
  return from.map(({ partition, offset }) => {
    const row = byPartition.get(partition)
    if (row === undefined) throw new RangeError(`topic "${topic.name}" has no partition ${partition}`)
    const [start, end] = [BigInt(row.start_offset), BigInt(row.next_offset)]
    if (offset < start || offset > end) throw new OffsetOutOfRange(topic.name, { partition, wanted: offset, start, end, resume: start })
    return { id: row.id, partition, start, after: offset, until: end }
  })
}
