import type { Log } from '../../process/log.ts'
import {
  type Broker,
  type HiddenTopic,
  type NewRecord,
  type PartitionBounds,
  type Topic,
  TopicQuarantined,
  TopicRetired,
  TopicUnknown,
  type Touch,
} from '../broker.ts'
import { openAppender } from './append.ts'
import { fence, fenceSetting, lift } from './fence.ts'
import { type Hiding, openHiding } from './hiding.ts'
import { hidingTopic, type KafkaAddress, topicSettings, touchTopic } from './options.ts'
import { boundsOf, look } from './records.ts'
import { overdueIn } from './progress.ts'
import { openSurplus } from './surplus.ts'
import { checkTopic, createTopic, deleteTopic, findTopic, listTopics, settingOf, settledTopic, weaknessesOf } from './topics.ts'
import { openWatch, type Watch } from './watch.ts'
import { answeredWith, errorCodes, openWire, reasonOf } from './wire.ts'

const appendAttemptsMax = 3
/** A cluster that has just started gives out no producer ids yet; then nothing has been sent. */
const startingMs = 10_000
const pauseMs = 200
/** Looking again while a fetch waits. The watch makes it quick; this makes it true. */
const pollMs = 500

export interface KafkaLogOptions {
  /** `host:port` of some of the brokers. */
  readonly brokers: readonly string[]
  /** Shows in the brokers' logs, and in the touches of hidden topics. */
  readonly name: string
  readonly log: Log
  readonly pollMs?: number
}

/** What is there once the cluster has been reached. */
interface Ready {
  readonly hiding: Hiding
  readonly watch: Watch
}

/**
 * The log in an Apache Kafka cluster. It connects when it is first used, so that a service starts while the cluster is
 * away. It joins no consumer group and commits no offset: who reads what, and from where, is the caller's.
 */
export function openKafkaLog(options: KafkaLogOptions): Broker {
  const { log } = options
  const address: KafkaAddress = { brokers: options.brokers, clientId: options.name.replaceAll(/[^A-Za-z0-9._-]/g, '-') }
  const wire = openWire(address)
  const appender = openAppender(address)
  const known = new Map<string, Topic>()
  const surplus = openSurplus()
  const examined = new Set<string>()
  let closed = false
  let reached: Promise<Ready> | undefined

  /** Lazily, and again after a failure. With how things stand now, if `fresh`. */
  async function ready(fresh = true): Promise<Ready> {
    if (closed) throw new Error('the log was closed by this process')
    reached ??= reach()
    const current = reached
    try {
      const there = await current
      if (fresh) await there.hiding.refresh()
      return there
    } catch (error) {
      if (reached === current) {
        reached = undefined
        void current.then(
          ({ watch }) => watch.close(),
          () => undefined,
        )
      }
      throw error
    }
  }

  async function reach(): Promise<Ready> {
    const hiding = await openHiding({ wire, append: (topic, records) => appender.append(topic, records) })
    return { hiding, watch: openWatch({ wire, everybody: hiding.topic() }) }
  }

  async function find(name: string): Promise<Topic | undefined> {
    const { hiding } = await ready()
    const topic = hiding.of(name) === undefined ? await findTopic(wire, name) : undefined
    if (topic === undefined) known.delete(name)
    else known.set(name, topic)
    return topic
  }

  /** Why the topic cannot be used, as it stands by now. If it is hidden, then `what` was tried has been noted. */
  async function refusal(topic: Pick<Topic, 'name'> & Partial<Topic>, what?: Touch['what']): Promise<Error> {
    const { name, id } = topic
    const { hiding } = await ready(false)
    const hidden = hiding.of(name)
    // A reader of an older topic of this name has to look it up anew first.
    if (hidden === undefined || (hidden.state === 'quarantined' && id !== undefined && id !== hidden.id)) return new TopicUnknown(name)
    if (what !== undefined) await hiding.touch(name, options.name, what)
    return hidden.state === 'quarantined' ? new TopicQuarantined(name, hidden.since) : new TopicRetired(name, hidden.since)
  }

  async function make(name: string, partitions: number): Promise<Topic> {
    checkTopic(name, partitions)
    let topic = await find(name)
    const { hiding } = await ready(false)
    if (hiding.of(name) !== undefined) throw await refusal({ name }, 'create')
    if (topic === undefined) {
      const isOurs = await createTopic(wire, name, partitions, topicSettings)
      const made = await findTopic(wire, name)
      topic = await find(name)
      if (topic === undefined) {
        // Hidden while we made it: nothing must be left of that.
        if (isOurs && made !== undefined && hiding.of(name)?.id !== made.id) await deleteTopic(wire, made)
        throw await refusal({ name }, 'create')
      }
    }
    if (topic.partitions !== partitions) {
      throw new RangeError(
        `topic "${name}" has ${topic.partitions} partitions for life; ${partitions} were asked for. A change is a plan of its own`,
      )
    }
    await warnOnce(topic)
    return topic
  }

  /** A topic that somebody else made may promise less than an append does. Told, because only they can mend it. */
  async function warnOnce({ id, name }: Topic): Promise<void> {
    if (examined.has(id)) return
    examined.add(id)
    const weak = await weaknessesOf(wire, name)
    if (weak.length > 0) log.warn({ topic: name, weak }, 'kafka: a topic may lose what it has acknowledged')
  }

  /** What is left under a name that was retired: the old topic, or one that a straggler made. */
  async function clear(name: string): Promise<void> {
    const left = await settledTopic(wire, name)
    const { hiding } = await ready()
    if (left !== undefined && hiding.of(name)?.state === 'retired') await deleteTopic(wire, left)
  }

  async function send(name: string, records: readonly NewRecord[], ack: 'all' | 'leader' | undefined): Promise<void> {
    await ready(false)
    const until = Date.now() + startingMs
    for (let attempt = 1; ;) {
      const topic = known.get(name) ?? (await find(name))
      if (topic === undefined) throw await refusal({ name }, 'append')
      try {
        await appender.append(topic, records, ack)
        return
      } catch (error) {
        if (closed) throw error
        if (answeredWith(error, errorCodes.coordinatorLoading) && Date.now() < until) {
          await new Promise(resolve => setTimeout(resolve, pauseMs))
          continue
        }
        const isShut = answeredWith(error, errorCodes.messageTooLarge)
        const isGone = answeredWith(error, errorCodes.unknownTopic) || (error instanceof Error && error.message.startsWith('Unknown topic'))
        if (!isShut && !isGone) {
          if (error instanceof RangeError) throw error
          throw new Error(`Kafka has not acknowledged an append to "${name}": ${reasonOf(error)}`, { cause: error })
        }
        // Hidden, deleted, or made again elsewhere: as it stands by now.
        if ((await find(name)) === undefined) throw await refusal({ name }, 'append')
        if (isShut)
          throw new Error(`topic "${name}" refuses appends although it is not hidden: ${fenceSetting} is too low`, { cause: error })
        if (attempt++ >= appendAttemptsMax) throw error
      }
    }
  }

  return {
    createTopic: make,
    async reviveTopic(name, partitions) {
      checkTopic(name, partitions)
      const { hiding } = await ready()
      if (hiding.of(name)?.state === 'retired') {
        await clear(name)
        await hiding.say({ what: 'revived', topic: { name } })
      }
      return make(name, partitions)
    },
    async quarantineTopic(name) {
      const topic = await find(name)
      const { hiding } = await ready(false)
      if (topic !== undefined) {
        await hiding.say({ what: 'quarantined', topic, setting: await settingOf(wire, name, fenceSetting) })
        known.delete(name)
      }
      const hidden = hiding.of(name)
      if (hidden?.state !== 'quarantined') throw await refusal({ name })
      // Also when it was hidden before: whoever did that may have ended here.
      await fence(wire, hidden)
      return hidden
    },
    async restoreTopic(name) {
      const { hiding } = await ready()
      const hidden = hiding.of(name)
      if (hidden?.state === 'quarantined') {
        await lift(wire, hidden, hiding.settingOf(name))
        await hiding.say({ what: 'restored', topic: topicOf(hidden) })
      }
      const topic = await find(name)
      if (topic === undefined) throw await refusal({ name })
      return topic
    },
    async deleteTopic(name) {
      const topic = await find(name)
      const { hiding } = await ready(false)
      const hidden = hiding.of(name)
      const gone = topic ?? (hidden === undefined ? undefined : topicOf(hidden))
      if (gone === undefined) return
      if (hidden?.state !== 'retired') await hiding.say({ what: 'retired', topic: gone })
      known.delete(name)
      await deleteTopic(wire, gone)
    },
    topic: find,
    async topics() {
      const { hiding } = await ready()
      const all = await listTopics(wire)
      return all.filter(({ name }) => name !== hidingTopic && name !== touchTopic && hiding.of(name) === undefined)
    },
    async hidden(name) {
      return (await ready()).hiding.of(name)
    },
    async touches(name) {
      return (await ready()).hiding.touches(name)
    },
    async append(name, records, ack) {
      if (records.length > 0) await send(name, records, ack)
    },
    async fetch(topic, from, limit, waitMs, signal) {
      const { hiding, watch } = await ready(false)
      if (from.length === 0) throw new RangeError(`a fetch from "${topic.name}" must name the partitions to read`)
      const until = Date.now() + waitMs
      // Watching before looking: what is appended in between rings.
      const attention = watch.attend(topic, from, signal)
      try {
        for (;;) {
          if (closed) return []
          const leftMs = signal?.aborted === true ? 0 : until - Date.now()
          const records = await lookOnce(hiding, topic, from, limit)
          if (records.length > 0 || leftMs <= 0) return records
          await attention.wait(Math.min(options.pollMs ?? pollMs, leftMs))
        }
      } finally {
        attention.end()
      }
    },
    async bounds(name): Promise<readonly PartitionBounds[]> {
      const topic = await find(name)
      if (topic === undefined) throw await refusal({ name })
      const bounds = await boundsOf(wire, name, [...Array(topic.partitions).keys()])
      if (bounds === undefined) throw await refusal({ name })
      return bounds
    },
    progress: async (_reader, topic, from) => (from.length === 0 ? [] : overdueIn(wire, topic, from)),
    async close() {
      if (closed) return
      closed = true
      const there = await reached?.catch(() => undefined)
      there?.watch.close()
      await Promise.all([wire.close(), appender.close()])
      log.debug('kafka: closed')
    },
  }

  /** Nothing keeps a client from reading what is hidden but its asking, so every look asks, beside its fetch. */
  async function lookOnce(
    hiding: Hiding,
    topic: Pick<Topic, 'id' | 'name'>,
    from: Parameters<Broker['fetch']>[1],
    limit: number,
  ): ReturnType<Broker['fetch']> {
    try {
      const [records] = await Promise.all([look(wire, topic, from, limit, surplus), ready()])
      if (records === 'gone' || hiding.of(topic.name) !== undefined) throw await refusal(topic, 'fetch')
      return records
    } catch (error) {
      if (closed) return []
      throw error
    }
  }
}

const topicOf = ({ id, name, partitions }: HiddenTopic): Topic => ({ id, name, partitions })
