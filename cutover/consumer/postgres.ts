import type { Database } from '../database/database.ts'
import { aliveMs, type ConsumerStore, type Declaration, type LiveInstance, type ShareOf, shareLeaseMs, type Start } from './store.ts'

const keyOf = ({ consumer, topicId }: ShareOf): string[] => [consumer, topicId]
const ownOf = ({ consumer, topicId, holder }: ShareOf): string[] => [consumer, topicId, holder]

const columnsOf = (starts: readonly Start[]): readonly unknown[] => [
  starts.map(one => one.partition),
  starts.map(one => one.offset.toString()),
  starts.map(one => one.term),
]

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
