import { fileURLToPath } from 'node:url'
import { openDatabase, sqlState } from '../../database/database.ts'
import { openDoorbell } from '../../database/doorbell.ts'
import { installMigrations } from '../../database/install.ts'
import type { Log } from '../../process/log.ts'
import {
  type Ack,
  type Broker,
  type NewRecord,
  type PartitionBounds,
  type Topic,
  type TopicIdentity,
  TopicQuarantined,
  TopicRetired,
  TopicUnknown,
  type Touch,
} from '../broker.ts'
import { findHidden, listTouches, noteTouch, quarantineTopic, restoreTopic } from './hiding.ts'
import { noteProgress } from './readers.ts'
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
  /** Shows in `pg_stat_activity`, and in the touches of hidden topics. */
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
      maintaining = maintain().catch(error => log.warn({ err: error }, 'log: maintenance is tried again'))
    }
  }

  async function install(): Promise<void> {
    await installMigrations(database, [{ name: 'log', folder: fileURLToPath(new URL('sql', import.meta.url)) }])
    await maintain()
    maintained = Date.now()
  }

  async function maintain(): Promise<void> {
    const unread = await maintainRecords(database, retention)
    if (unread.length > 0)
      log.error({ unread }, 'log: records were too old and went, although readers had not read them; they are refilled')
  }

  async function find(name: string): Promise<Topic | undefined> {
    await ready()
    const topic = await findTopic(database, name)
    if (topic === undefined) known.delete(name)
    else known.set(name, topic)
    return topic
  }

  /** Why the topic cannot be used. If it is hidden, then `what` was tried has been noted. */
  async function refusal(topic: Pick<Topic, 'name'> & Partial<Topic>, what?: Touch['what']): Promise<Error> {
    const { name, id } = topic
    const hidden = await findHidden(database, name)
    // A reader of an older topic of this name has to look it up anew first.
    if (hidden === undefined || (hidden.state === 'quarantined' && id !== undefined && id !== hidden.id)) return new TopicUnknown(name)
    if (what !== undefined) await noteTouch(database, name, options.name, what)
    return hidden.state === 'quarantined' ? new TopicQuarantined(name, hidden.since) : new TopicRetired(name, hidden.since)
  }

  /** Runs `work` on the topic; when that is not there under the id that we knew, on the one of that name now. */
  async function onTopic<Result>(name: string, work: (topic: Topic) => Promise<Result | undefined>, what?: Touch['what']): Promise<Result> {
    await ready()
    const remembered = known.get(name)
    const result = remembered === undefined ? undefined : await work(remembered)
    if (result !== undefined) return result
    const topic = await find(name)
    const again = topic === undefined ? undefined : await work(topic)
    if (again === undefined) throw await refusal({ name }, what)
    return again
  }

  async function insert(topic: Topic, records: readonly NewRecord[], ack: Ack): Promise<true | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await (ack === 'all' ? appendRecords(database, topic, records) : appendUnsynced(topic, records))) || undefined
      } catch (error) {
        const state = sqlState(error)
        if (attempt >= appendAttemptsMax || (state !== '40P01' && state !== '23514')) throw error
        // No table for this hour: everybody slept through the maintenance.
        if (state === '23514') await maintain()
      }
    }
  }

  /**
   * Acks of the leader: the commit does not wait for the disk. A crash of the server loses the last moments, of all that
   * was appended like this and of nothing else, and offsets fall back with them.
   */
  const appendUnsynced = (topic: Topic, records: readonly NewRecord[]): Promise<boolean> =>
    database.transaction(tx => appendRecords(tx, topic, records), 'begin; set local synchronous_commit = off')

  async function make(name: string, partitions: number, revived: boolean): Promise<Topic> {
    await ready()
    await createTopic(database, name, partitions, revived)
    const topic = await find(name)
    if (topic === undefined) throw await refusal({ name }, 'create')
    if (topic.partitions !== partitions) {
      throw new RangeError(
        `topic "${name}" has ${topic.partitions} partitions for life; ${partitions} were asked for. A change is a plan of its own`,
      )
    }
    return topic
  }

  return {
    createTopic: (name, partitions) => make(name, partitions, false),
    reviveTopic: (name, partitions) => make(name, partitions, true),
    async quarantineTopic(name) {
      const topic = await find(name)
      if (topic !== undefined) {
        await quarantineTopic(database, topic)
        known.delete(name)
        doorbell.ring(channelOf(topic))
      }
      const hidden = await findHidden(database, name)
      if (hidden?.state !== 'quarantined') throw await refusal({ name })
      return hidden
    },
    async restoreTopic(name) {
      await ready()
      const hidden = await findHidden(database, name)
      if (hidden?.state === 'quarantined') await restoreTopic(database, hidden)
      const topic = await find(name)
      if (topic === undefined) throw await refusal({ name })
      return topic
    },
    async deleteTopic(name) {
      const topic = (await find(name)) ?? (await findHidden(database, name))
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
    async hidden(name) {
      await ready()
      return findHidden(database, name)
    },
    async touches(name) {
      await ready()
      return listTouches(database, name)
    },
    async append(name, records, ack = 'all') {
      if (records.length === 0) return
      const appended = async (topic: Topic): Promise<true | undefined> => {
        const done = await insert(topic, records, ack)
        if (done) doorbell.ring(channelOf(topic))
        return done
      }
      await onTopic(name, appended, 'append')
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
          if (records === undefined) throw await refusal(topic, 'fetch')
          if (records.length > 0 || leftMs <= 0) return records
          await bell.wait(Math.min(options.pollMs ?? pollMs, leftMs))
        }
      } finally {
        bell.end()
      }
    },
    bounds: name => onTopic<readonly PartitionBounds[]>(name, topic => topicBounds(database, topic)),
    async progress(reader, topic, from) {
      await ready()
      return from.length === 0 ? [] : noteProgress(database, reader, topic, from, retention)
    },
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
