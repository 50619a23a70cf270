import { fileURLToPath } from 'node:url'
import { openDatabase, sqlState } from '../../database/database.ts'
import { openDoorbell } from '../../database/doorbell.ts'
import { installMigrations } from '../../database/install.ts'
import type { Log } from '../../process/log.ts'
import { type Broker, type NewRecord, type PartitionBounds, type Topic, type TopicIdentity, TopicUnknown } from '../broker.ts'
import { appendRecords, fetchRecords } from './records.ts'
import { defaultRetention, maintainRecords, type Retention } from './retention.ts'
import { createTopic, deleteTopic, findTopic, listTopics, topicBounds } from './topics.ts'

const maintenanceMs = 60_000
const appendAttemptsMax = 5
const connectionsMax = 8
/** Polling while a fetch waits. The bell makes it quick; this makes it true. */
const pollMs = 500

export interface PostgresLogOptions {
  readonly url: string
  /** Shows in `pg_stat_activity`. */
  readonly name: string
  readonly log: Log
  readonly retention?: Retention
  readonly pollMs?: number
}

/**
 * The log in a PostgreSQL database of its own. It connects when it is first used, installs its tables and keeps them,
 * so that a service starts while the log is away.
 */
export function openPostgresLog(options: PostgresLogOptions): Broker {
  const { log } = options
  const database = openDatabase({
    url: options.url,
    name: `${options.name}:log`,
    connectionsMax,
    onIdleError: error => log.debug({ err: error }, 'log: an idle connection was closed'),
  })
  const doorbell = openDoorbell(database, log)
  const retention = options.retention ?? defaultRetention
  const known = new Map<string, Topic>()
  let closed = false
  let installed: Promise<void> | undefined
  let maintained = 0
  let maintaining: Promise<void> = Promise.resolve()

  /** Lazily, and again after a failure. */
  async function ready(): Promise<void> {
    if (closed) throw new Error('the log was closed by this process')
    installed ??= install().catch(error => {
      installed = undefined
      throw error
    })
    await installed
    if (Date.now() - maintained > maintenanceMs) {
      maintained = Date.now()
      maintaining = maintainRecords(database, retention).catch(error => log.warn({ err: error }, 'log: maintenance is tried again'))
    }
  }

  async function install(): Promise<void> {
    await installMigrations(database, [{ name: 'log', folder: fileURLToPath(new URL('sql', import.meta.url)) }])
    await maintainRecords(database, retention)
    maintained = Date.now()
  }

  async function find(name: string): Promise<Topic | undefined> {
    await ready()
    const topic = await findTopic(database, name)
    if (topic === undefined) known.delete(name)
    else known.set(name, topic)
    return topic
  }

  /** Runs `work` on the topic; when that is not there under the id that we knew, on the one of that name now. */
  async function onTopic<Result>(name: string, work: (topic: Topic) => Promise<Result | undefined>): Promise<Result> {
    await ready()
    const remembered = known.get(name)
    const result = remembered === undefined ? undefined : await work(remembered)
    if (result !== undefined) return result
    const topic = await find(name)
    const again = topic === undefined ? undefined : await work(topic)
    if (again === undefined) throw new TopicUnknown(name)
    return again
  }

  async function insert(topic: Topic, records: readonly NewRecord[]): Promise<true | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await appendRecords(database, topic, records)) || undefined
      } catch (error) {
        const state = sqlState(error)
        if (attempt >= appendAttemptsMax || (state !== '40P01' && state !== '23514')) throw error
        // No table for this hour: everybody slept through the maintenance.
        if (state === '23514') await maintainRecords(database, retention)
      }
    }
  }

  return {
    async createTopic(name, partitions) {
      await ready()
      await createTopic(database, name, partitions)
      return onTopic(name, async topic => {
        if (topic.partitions !== partitions) {
          throw new Error(
            `topic "${name}" has ${topic.partitions} partitions for life; ${partitions} were asked for. A change is a plan of its own`,
          )
        }
        return topic
      })
    },
    async deleteTopic(name) {
      const topic = await find(name)
      if (topic === undefined) return
      await deleteTopic(database, topic)
      known.delete(name)
      doorbell.ring(channelOf(topic))
    },
    topic: find,
    async topics() {
      await ready()
      return listTopics(database)
    },
    async append(name, records) {
      if (records.length === 0) return
      await onTopic(name, async topic => {
        const appended = await insert(topic, records)
        if (appended) doorbell.ring(channelOf(topic))
        return appended
      })
    },
    async fetch(topic, from, limit, waitMs, signal) {
      await ready()
      if (from.length === 0) throw new RangeError(`a fetch from "${topic.name}" must name the partitions to read`)
      const until = Date.now() + waitMs
      // Listening before looking: what is appended in between rings.
      const bell = doorbell.attend(channelOf(topic), signal)
      try {
        for (;;) {
          if (closed) return []
          const leftMs = signal?.aborted === true ? 0 : until - Date.now()
          const records = await fetchRecords(database, topic, from, limit)
          if (records === undefined) throw new TopicUnknown(topic.name)
          if (records.length > 0 || leftMs <= 0) return records
          await bell.wait(Math.min(options.pollMs ?? pollMs, leftMs))
        }
      } finally {
        bell.end()
      }
    },
    bounds: name => onTopic<readonly PartitionBounds[]>(name, topic => topicBounds(database, topic)),
    async close() {
      if (closed) return
      closed = true
      await doorbell.close()
      await maintaining
      await database.close()
    },
  }
}

/** A bell per topic, so that an append wakes its own readers only. */
const channelOf = (topic: TopicIdentity): string => `log_${topic.id.replaceAll('-', '')}`
