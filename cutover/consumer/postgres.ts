import type { Database } from '../database/database.ts'
import {
  aliveMs,
  type ConsumerStore,
  type Declaration,
  type LiveInstance,
  type OpenGap,
  type ShareOf,
  shareLeaseMs,
  type Start,
} from './store.ts'

const keyOf = ({ consumer, topicId }: ShareOf): string[] => [consumer, topicId]
const ownOf = ({ consumer, topicId, holder }: ShareOf): string[] => [consumer, topicId, holder]

const columnsOf = (starts: readonly Start[]): readonly unknown[] => [
  starts.map(one => one.partition),
  starts.map(one => one.offset.toString()),
  starts.map(one => one.term),
]

/** A gap as its row has it: int8 arrives as a string. */
type GapRow = Omit<OpenGap, 'wanted' | 'start' | 'end' | 'resume'> & Readonly<Record<'wanted' | 'start' | 'end' | 'resume', string>>

/** What the column holds, if a build that knows of capabilities wrote it. */
function declared(value: Partial<Declaration>): Omit<LiveInstance, 'id'> {
  const { capabilities, versions, build, readings = {} } = value
  if (!Array.isArray(capabilities) || versions === undefined || build === undefined)
    return { capabilities: [], versions: {}, build: null, readings: {} }
  return { capabilities, versions, build, readings }
}

export const openConsumerStore = (database: Database): ConsumerStore => ({
  transaction: work => database.transaction(work),
  async advance(tx, share, moves) {
    const { rowCount } = await tx.query(
      `update consumer_partition c set position = n.next
         from unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) as n(partition, was, next, term)
        where c.consumer = $1 and c.topic_id = $2 and c.partition = n.partition and c.position = n.was and c.term = n.term`,
      [
        ...keyOf(share),
        moves.map(one => one.from.partition),
        moves.map(one => one.from.position.toString()),
        moves.map(one => one.to.toString()),
        moves.map(one => one.from.term),
      ],
    )
    return rowCount
  },

  async begin(share, starts) {
    // Without waiting for the disk: it is there for the next process as soon as it is committed, and needs to outlive no more.
    const { rows } = await database.query<{ ended: number }>(
      `with quick as materialized (select set_config('synchronous_commit', 'off', true))
       update consumer_partition c set begun = n.first, begun_term = n.term,
              ended = case when c.begun is distinct from n.first then 0 when c.begun_term = n.term then c.ended else c.ended + 1 end
         from unnest($3::int[], $4::bigint[], $5::bigint[]) as n(partition, first, term), quick
        where c.consumer = $1 and c.topic_id = $2 and c.partition = n.partition and c.term = n.term
       returning c.ended`,
      [...keyOf(share), ...columnsOf(starts)],
    )
    return Math.max(0, ...rows.map(row => row.ended))
  },
  async survive(share, starts) {
    await database.query(
      `update consumer_partition c set ended = 0, begun = case when c.begun_term = n.term then null else c.begun end
         from unnest($3::int[], $4::bigint[], $5::bigint[]) as n(partition, first, term)
        where c.consumer = $1 and c.topic_id = $2 and c.partition = n.partition and c.begun = n.first`,
      [...keyOf(share), ...columnsOf(starts)],
    )
  },

  async install(share, partitions) {
    await database.query(
      `insert into consumer_partition (consumer, topic_id, partition)
       select $1, $2, p from generate_series(0, $3::int - 1) as p on conflict do nothing`,
      [...keyOf(share), partitions],
    )
  },
  async renew(share) {
    await database.query(
      `update consumer_partition set until = clock_timestamp() + interval '${shareLeaseMs} ms'
        where consumer = $1 and topic_id = $2 and holder = $3 and until > clock_timestamp()`,
      ownOf(share),
    )
  },
  async giveUp(share, most) {
    await database.query(
      `update consumer_partition set holder = null, until = '-infinity'
        where consumer = $1 and topic_id = $2 and holder = $3 and partition not in (
          select partition from consumer_partition where consumer = $1 and topic_id = $2 and holder = $3 order by partition limit $4)`,
      [...ownOf(share), most],
    )
  },
  async take(share, most) {
    await database.query(
      `update consumer_partition c set holder = $3, term = c.term + 1, until = clock_timestamp() + interval '${shareLeaseMs} ms'
         from (select partition from consumer_partition
                where consumer = $1 and topic_id = $2 and until < clock_timestamp() order by partition
                limit greatest(0, $4 - (select count(*) from consumer_partition
                                         where consumer = $1 and topic_id = $2 and holder = $3 and until > clock_timestamp()))
                  for update skip locked) free
        where c.consumer = $1 and c.topic_id = $2 and c.partition = free.partition`,
      [...ownOf(share), most],
    )
  },
  async held(share) {
    const { rows } = await database.query<{ partition: number; position: string; term: string }>(
      `select partition, position, term from consumer_partition
        where consumer = $1 and topic_id = $2 and holder = $3 and until > clock_timestamp() order by partition`,
      ownOf(share),
    )
    return rows.map(row => ({ partition: row.partition, position: BigInt(row.position), term: row.term }))
  },
  async release(share) {
    await database.query(
      `update consumer_partition set holder = null, until = '-infinity' where consumer = $1 and topic_id = $2 and holder = $3`,
      ownOf(share),
    )
  },

  async noteGap(share, link, { partition, wanted, start, end, resume }) {
    await database.query(`delete from data_gap where resolved_at < clock_timestamp() - interval '30 days' and refilled_at is not null`, [])
    await database.query(
      `insert into data_gap (link, consumer, topic_id, partition, wanted, log_start, log_end, resume) values ($3, $1, $2, $4, $5, $6, $7, $8)
       on conflict (consumer, topic_id, partition) where resolved_at is null do nothing`,
      [...keyOf(share), link, partition, wanted.toString(), start.toString(), end.toString(), resume.toString()],
    )
  },
  async noteAnew(share, link) {
    // All of the new topic is read, so nothing stops: only what was on its way in the old one is asked for.
    const { rowCount } = await database.query(
      `with ended as (
         update data_gap set resolved_at = clock_timestamp() where consumer = $1 and topic_id <> $2 and resolved_at is null
       )
       insert into data_gap (link, consumer, topic_id, partition, wanted, log_start, log_end, resume, resolved_at)
       select $3, $1, $2, 0, 0, 0, 0, 0, clock_timestamp()
        where exists (select from consumer_partition where consumer = $1 and topic_id <> $2)
          and not exists (select from consumer_partition where consumer = $1 and topic_id = $2)`,
      [...keyOf(share), link],
    )
    return rowCount > 0
  },
  async gaps(share) {
    const { rows } = await database.query<GapRow>(
      `select id, partition, wanted, log_start as start, log_end as end, resume, refilled_at is not null as refilled
         from data_gap where consumer = $1 and topic_id = $2 and resolved_at is null order by partition`,
      keyOf(share),
    )
    return rows.map(row => ({
      ...row,
      wanted: BigInt(row.wanted),
      start: BigInt(row.start),
      end: BigInt(row.end),
      resume: BigInt(row.resume),
    }))
  },
  async resume(tx, share, from, gap) {
    const { rowCount } = await tx.query(
      `with moved as (
         update consumer_partition set position = $6
          where consumer = $1 and topic_id = $2 and partition = $3 and position = $4 and term = $5 returning partition
       )
       update data_gap set resolved_at = clock_timestamp() where id = $7 and exists (select from moved)`,
      [...keyOf(share), from.partition, from.position.toString(), from.term, gap.resume.toString(), gap.id],
    )
    return rowCount === 1
  },
  async wanting(link) {
    const { rows } = await database.query<{ gap: string | null }>(
      'select max(id) as gap from data_gap where link = $1 and refilled_at is null',
      [link],
    )
    return rows[0]?.gap ?? null
  },
  async refilled(link, gap) {
    await database.query('update data_gap set refilled_at = clock_timestamp() where link = $1 and id <= $2 and refilled_at is null', [
      link,
      gap,
    ])
  },
  async stopped() {
    const { rows } = await database.query<{ link: string; count: number }>(
      'select link, count(*)::int as count from data_gap where resolved_at is null group by link',
      [],
    )
    return Object.fromEntries(rows.map(row => [row.link, row.count]))
  },

  async positions(consumer) {
    const { rows } = await database.query<{ count: number }>(
      'select coalesce(max(count), 0)::int as count from (select count(*) from consumer_partition where consumer = $1 group by topic_id) each',
      [consumer],
    )
    return rows[0]?.count ?? 0
  },

  async beat(id, declaration) {
    await database.query(
      `insert into instance (id, until, capabilities) values ($1, clock_timestamp() + interval '${aliveMs} ms', $2)
       on conflict (id) do update set until = excluded.until, capabilities = excluded.capabilities`,
      [id, JSON.stringify(declaration)],
    )
    await database.query(`delete from instance where until < clock_timestamp() - interval '1 hour'`, [])
  },
  async instances(tx = database) {
    const { rows } = await tx.query<{ id: string; capabilities: string }>(
      'select id, capabilities from instance where until > clock_timestamp() order by id',
      [],
    )
    return rows.map(({ id, capabilities }) => ({ id, ...declared(JSON.parse(capabilities)) }))
  },
  async leave(id) {
    await database.query('delete from instance where id = $1', [id])
  },
})
