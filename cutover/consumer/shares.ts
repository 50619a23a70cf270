import type { Database } from '../database/database.ts'

/** A partition that this instance may read, fenced by `term`, and the next offset to read. */
export interface Held {
  readonly partition: number
  readonly position: bigint
  readonly term: string
}

/** How many partitions one of `instances` may hold, so that all are held and none is hoarded. */
export const fairShare = (partitions: number, instances: number): number => Math.ceil(partitions / Math.max(1, instances))

/**
 * Shares the partitions of a topic among the live instances of a service, by leases in its own database: the same for
 * every broker. Positions live here too, so that effect and position commit together.
 */
export interface Shares {
  /** Renews what is held, gives up what is more than a fair share, takes what is free; answers with what is held now. */
  renew(): Promise<readonly Held[]>
  release(): Promise<void>
}

export const shareLeaseMs = 5_000

export function openShares(
  database: Database,
  options: { consumer: string; topicId: string; partitions: number; holder: string; instances: () => Promise<number> },
): Shares {
  const { consumer, topicId, partitions, holder } = options
  const self = [consumer, topicId, holder]
  let installed = false

  return {
    async renew() {
      if (!installed) {
        // A new consumer begins at the start of the log, never at its end: nothing that was said before is skipped.
        await database.query(
          `insert into consumer_partition (consumer, topic_id, partition)
           select $1, $2, p from generate_series(0, $3::int - 1) as p on conflict do nothing`,
          [consumer, topicId, partitions],
        )
        installed = true
      }
      const share = fairShare(partitions, await options.instances())
      await database.query(
        `update consumer_partition set until = clock_timestamp() + interval '${shareLeaseMs} ms'
          where consumer = $1 and topic_id = $2 and holder = $3 and until > clock_timestamp()`,
        self,
      )
      await database.query(
        `update consumer_partition set holder = null, until = '-infinity'
          where consumer = $1 and topic_id = $2 and holder = $3 and partition not in (
            select partition from consumer_partition where consumer = $1 and topic_id = $2 and holder = $3 order by partition limit $4)`,
        [...self, share],
      )
      await database.query(
        `update consumer_partition c set holder = $3, term = c.term + 1, until = clock_timestamp() + interval '${shareLeaseMs} ms'
           from (select partition from consumer_partition
                  where consumer = $1 and topic_id = $2 and until < clock_timestamp() order by partition
                  limit greatest(0, $4 - (select count(*) from consumer_partition
                                           where consumer = $1 and topic_id = $2 and holder = $3 and until > clock_timestamp()))
                    for update skip locked) free
          where c.consumer = $1 and c.topic_id = $2 and c.partition = free.partition`,
        [...self, share],
      )
      const { rows } = await database.query<{ partition: number; position: string; term: string }>(
        `select partition, position, term from consumer_partition
          where consumer = $1 and topic_id = $2 and holder = $3 and until > clock_timestamp() order by partition`,
        self,
      )
      return rows.map(row => ({ partition: row.partition, position: BigInt(row.position), term: row.term }))
    },
    async release() {
      await database.query(
        `update consumer_partition set holder = null, until = '-infinity' where consumer = $1 and topic_id = $2 and holder = $3`,
        self,
      )
    },
  }
}

/** Says that this instance lives, and counts those that do. */
export interface Heartbeat {
  beat(): Promise<void>
  instances(): Promise<number>
  leave(): Promise<void>
}

export const openHeartbeat = (database: Database, id: string, capabilities: object): Heartbeat => ({
  async beat() {
    await database.query(
      `insert into instance (id, until, capabilities) values ($1, clock_timestamp() + interval '6 s', $2)
       on conflict (id) do update set until = excluded.until, capabilities = excluded.capabilities`,
      [id, JSON.stringify(capabilities)],
    )
    await database.query(`delete from instance where until < clock_timestamp() - interval '1 hour'`, [])
  },
  async instances() {
    const { rows } = await database.query<{ count: number }>(
      'select count(*)::int as count from instance where until > clock_timestamp()',
      [],
    )
    return rows[0]?.count ?? 1
  },
  async leave() {
    await database.query('delete from instance where id = $1', [id])
  },
})
