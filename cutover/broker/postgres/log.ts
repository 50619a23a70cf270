import { fileURLToPath } from 'node:url'
import { openDatabase, sqlState } from '../../database/database.ts'
import { openDoorbell } from '../../database/doorbell.ts'
import { installMigrations } from '../../database/install.ts'
import type { Log } from '../../process/log.ts'
import {
  type Broker,
  type LogRecord,
  type NewRecord,
  OffsetOutOfRange,
  type PartitionBounds,
  partitionOf,
  type Topic,
  TopicUnknown,
} from '../broker.ts'
import { defaultRetention, maintainRecords, type Retention } from './retention.ts'

const appendSql = `
  with batch as (
    select * from unnest($2::int[], $3::text[], $4::text[], $5::text[]) with ordinality as b(partition, key, value, headers, place)
  ), need as (
    select partition, count(*) as count from batch group by partition
  ), taken as (
    update topic_partition p set next_offset = p.next_offset + need.count
      from need where p.topic_id = $1 and p.partition = need.partition
    returning p.id, p.partition, p.next_offset - need.count as first
  )
  insert into record (partition_id, "offset", key, value, headers, appended_at)
  select taken.id, taken.first + row_number() over (partition by batch.partition order by batch.place) - 1, batch.key, batch.value, batch.headers, clock_timestamp()
    from batch join taken using (partition)`

// One sargable range per partition that is read; the limit is a literal, so that the planner knows that few rows are wanted.
const fetchSql = (limit: number): string => `
  select f.partition, r."offset", r.key, r.value, r.headers, r.appended_at
    from unnest($2::int[], $3::bigint[]) as f(partition, after)
    join topic_partition p on p.topic_id = $1 and p.partition = f.partition
   cross join lateral (
      select * from record where record.partition_id = p.id and record."offset" >= f.after order by record."offset" limit ${limit}
   ) r
   order by f.partition, r."offset" limit ${limit}`

const maintenanceMs = 60_000
const deadlocksMax = 5
/** Polling while a fetch waits. The bell makes it quick; this makes it true. */
const pollMs = 500

interface FetchedRow {
  readonly partition: number
  readonly offset: string
  readonly key: string
  readonly value: string
  readonly headers: string
  readonly appended_at: Date
}

/** The log in a PostgreSQL database of its own. */
export function openPostgresLog(options: {
  url: string
  name: string
  log: Log
  retention?: Retention
}): Broker & { maintain(now: Date): Promise<void> } {
  const { log } = options
  const database = openDatabase({
    url: options.url,
    name: `${options.name}:log`,
    connectionsMax: 8,
    onIdleError: error => log.debug({ err: error }, 'log: an idle connection was closed'),
  })
  const doorbell = openDoorbell(database, log)
  const retention = options.retention ?? defaultRetention
  const closing = new AbortController()
  const known = new Map<string, Topic>()
  let installed: Promise<void> | undefined
  let maintained = 0

  /** Lazily and again after a failure, so that a service starts while the log is away. */
  async function ready(): Promise<void> {
    installed ??= install().catch(error => {
      installed = undefined
      throw error
    })
    await installed
    if (Date.now() - maintained > maintenanceMs) {
      maintained = Date.now()
      await maintainRecords(database, retention, new Date())
    }
  }

  async function install(): Promise<void> {
    await installMigrations(database, [{ name: 'log', folder: fileURLToPath(new URL('sql', import.meta.url)) }])
    await maintainRecords(database, retention, new Date())
    maintained = Date.now()
  }

  async function find(name: string): Promise<Topic | undefined> {
    await ready()
    const { rows } = await database.query<{ id: string; name: string; partitions: number }>(
      'select id, name, partitions from topic where name = $1',
      [name],
    )
    const topic = rows[0]
    if (topic === undefined) known.delete(name)
    else known.set(name, topic)
    return topic
  }

  const demand = async (name: string): Promise<Topic> => {
    const topic = known.get(name) ?? (await find(name))
    if (topic === undefined) throw new TopicUnknown(name)
    return topic
  }

  async function bounds(topic: Topic): Promise<readonly PartitionBounds[]> {
    const { rows } = await database.query<{ partition: number; start: string; end: string }>(
      'select partition, start_offset as start, next_offset as "end" from topic_partition where topic_id = $1 order by partition',
      [topic.id],
    )
    if (rows.length === 0) {
      known.delete(topic.name)
      throw new TopicUnknown(topic.name)
    }
    return rows.map(row => ({ partition: row.partition, start: BigInt(row.start), end: BigInt(row.end) }))
  }

  async function insert(topic: Topic, records: readonly NewRecord[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { rowCount } = await database.query(appendSql, [
          topic.id,
          records.map(record => partitionOf(record.key, topic.partitions)),
          records.map(record => record.key),
          records.map(record => record.value),
          records.map(record => JSON.stringify(record.headers)),
        ])
        if (rowCount === records.length) return
        known.delete(topic.name)
        throw new TopicUnknown(topic.name)
      } catch (error) {
        // Two writers of one topic that lock its partitions crosswise: one is undone whole and tries again.
        if (sqlState(error) === '40P01' && attempt < deadlocksMax) continue
        // No table for this hour: a server that slept through its maintenance.
        if (sqlState(error) !== '23514' || attempt >= deadlocksMax) throw error
        await maintainRecords(database, retention, new Date())
      }
    }
  }

  return {
    async createTopic(name, partitions) {
      await ready()
      await database.transaction(async tx => {
        const { rows } = await tx.query<{ id: string }>(
          'insert into topic (name, partitions) values ($1, $2) on conflict (name) do nothing returning id',
          [name, partitions],
        )
        if (rows[0] !== undefined) {
          await tx.query('insert into topic_partition (topic_id, partition) select $1, p from generate_series(0, $2::int - 1) as p', [
            rows[0].id,
            partitions,
          ])
        }
      })
      const topic = await find(name)
      if (topic === undefined) throw new TopicUnknown(name)
      if (topic.partitions !== partitions)
        throw new Error(
          `topic "${name}" has ${topic.partitions} partitions for life; ${partitions} were asked for. A change is a plan of its own`,
        )
      return topic
    },
    async deleteTopic(name) {
      const topic = await find(name)
      if (topic === undefined) return
      await database.transaction(async tx => {
        await tx.query('delete from record where partition_id in (select id from topic_partition where topic_id = $1)', [topic.id])
        await tx.query('delete from topic where id = $1', [topic.id])
      })
      known.delete(name)
    },
    topic: find,
    async topics() {
      await ready()
      const { rows } = await database.query<{ id: string; name: string; partitions: number }>(
        'select id, name, partitions from topic order by name',
        [],
      )
      return rows
    },
    async append(name, records) {
      if (records.length === 0) return
      await ready()
      await insert(await demand(name), records)
      doorbell.ring(channelOf(name))
    },
    async fetch(name, from, limit, waitMs, signal) {
      await ready()
      const topic = await demand(name)
      const until = Date.now() + waitMs
      for (;;) {
        // Listening before looking: what is appended in between rings.
        const woken = new AbortController()
        const signals = [closing.signal, woken.signal, ...(signal === undefined ? [] : [signal])]
        const bell = doorbell.wait(channelOf(name), Math.max(1, Math.min(pollMs, until - Date.now())), AbortSignal.any(signals))
        const over = Date.now() >= until || signal?.aborted === true || closing.signal.aborted
        // An empty answer is checked for a gap once, at the end: a waiting reader costs one query per look.
        const records = await read(topic, from, limit, over)
        if (records.length > 0 || over) {
          woken.abort()
          return records
        }
        await bell
      }
    },
    bounds: async name => bounds(await demand(name)),
    maintain: now => maintainRecords(database, retention, now),
    async close() {
      closing.abort()
      await doorbell.close()
      await database.close()
    },
  }

  async function read(
    topic: Topic,
    from: readonly { partition: number; offset: bigint }[],
    limit: number,
    checkEmpty: boolean,
  ): Promise<readonly LogRecord[]> {
    const { rows } = await database.query<FetchedRow>(fetchSql(limit), [
      topic.id,
      from.map(one => one.partition),
      from.map(one => one.offset.toString()),
    ])
    const firsts = new Map<number, bigint>()
    for (const row of rows) if (!firsts.has(row.partition)) firsts.set(row.partition, BigInt(row.offset))
    // A partition that answers from where it was asked has no gap. One that answers from further on has one; one that
    // does not answer may have.
    const suspicious = from.some(one => (firsts.get(one.partition) ?? one.offset) !== one.offset)
    if (suspicious || (checkEmpty && rows.length === 0)) refuseGaps(topic, from, await bounds(topic))
    return rows.map(row => ({
      partition: row.partition,
      offset: BigInt(row.offset),
      key: row.key,
      value: row.value,
      headers: JSON.parse(row.headers) as Record<string, string>,
      appendedAt: row.appended_at,
    }))
  }
}

function refuseGaps(topic: Topic, from: readonly { partition: number; offset: bigint }[], ranges: readonly PartitionBounds[]): void {
  for (const one of from) {
    const range = ranges.find(other => other.partition === one.partition)
    if (range !== undefined && one.offset < range.start) throw new OffsetOutOfRange(topic.name, one.partition, one.offset, range.start)
  }
}

/** A bell per topic, so that an append wakes its own readers only. */
const channelOf = (topic: string): string => `log_${topic.toLowerCase().replaceAll(/[^a-z]+/g, '_')}`.slice(0, 40)
