import { type Broker, TopicRetired } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import { fullJitter } from '../failure/backoff.ts'
import { Problem } from '../failure/problem.ts'
import type { Direct, Room } from '../outbox/sender.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import { recordOf } from './event-lane.ts'

export interface DirectLimits {
  /** What may wait at the most, reserved room included. Minutes of a busy link; beyond that, whoever states more is refused. */
  readonly factsMax: number
  readonly bytesMax: number
  /** How long a process that stops goes on trying. Well below the time that its parts have to stop. */
  readonly lastMs: number
}

export const directLimits: DirectLimits = { factsMax: 10_000, bytesMax: 32 * 1024 * 1024, lastMs: 5_000 }

/** How the facts stand that this process publishes from memory. All counts are since it started. */
export interface DirectStatus {
  readonly waiting: number
  readonly published: number
  /** Let go because their topic is retired, or because the process stopped: nothing will bring them. */
  readonly lost: number
  /** Why nothing is published, in words; null while it is. */
  readonly trouble: string | null
}

export interface DirectBuffer extends Direct {
  /** Publishes until `signal` aborts, then what is left, as far as that goes. Errors are backed off from, and never end it. */
  run(signal: AbortSignal): Promise<void>
  status(): DirectStatus
}

const batchMax = 500
const idleMs = 1_000
const retryDelay = { firstMs: 50, maxMs: 5_000 }

/**
 * Facts of direct links, after their commit and before the log has them. Nothing that was taken is dropped while the
 * process lives and the topic is there: when there is no room, the next one is refused before it is committed. A crash
 * loses what waits here; that is what `direct` means.
 */
export function openDirectBuffer(options: {
  readonly broker: Broker
  readonly events: readonly EventContract[]
  readonly limits: DirectLimits
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}): DirectBuffer {
  const { broker, limits, clock, random, log } = options
  const topics = new Map(options.events.map(event => [event.name, event.topic]))
  // By topic, in the order of the commits: trouble with one holds up no other.
  const queues = new Map<string, Message[]>()
  let [facts, bytes] = [0, 0]
  let [published, lost] = [0, 0]
  let trouble: string | null = null
  let bell = new AbortController()

  function free(messages: readonly Message[]): void {
    facts -= messages.length
    bytes -= bytesOf(messages)
  }

  function enqueue(messages: readonly Message[]): void {
    for (const message of messages) {
      const topic = topics.get(message.event) ?? unknownEvent(message.event)
      const queue = queues.get(topic)
      if (queue === undefined) queues.set(topic, [message])
      else queue.push(message)
    }
    bell.abort()
  }

  /** One batch of each topic; whether all of them went well. */
  async function publishSome(): Promise<boolean> {
    const done = await Promise.all([...queues].map(([topic, queue]) => publishOne(topic, queue)))
    return done.every(Boolean)
  }

  async function publishOne(topic: string, queue: Message[]): Promise<boolean> {
    const batch = queue.slice(0, batchMax)
    if (batch.length === 0) return true
    try {
      await broker.append(topic, batch.map(recordOf), 'leader')
      published += batch.length
    } catch (error) {
      if (!(error instanceof TopicRetired)) {
        if (trouble === null) log.warn({ topic, err: error }, 'direct: facts wait in memory until the log takes them')
        trouble = error instanceof Error ? error.message : String(error)
        return false
      }
      // Deleted on purpose: nobody is to be told of this any more.
      lost += batch.length
      log.warn({ topic, lost: batch.length }, 'direct: facts of a topic that is retired were let go')
    }
    queue.splice(0, batch.length)
    free(batch)
    return true
  }

  const waiting = (): number => [...queues.values()].reduce((sum, queue) => sum + queue.length, 0)

  async function publishLast(): Promise<void> {
    for (const until = clock.now() + limits.lastMs; waiting() > 0 && clock.now() < until;) {
      if (!(await publishSome())) await clock.sleep(retryDelay.firstMs)
    }
    const left = waiting()
    if (left === 0) return
    lost += left
    log.error({ lost: left }, 'direct: the process stops with facts that the log has not taken; they are lost')
  }

  return {
    reserve(messages): Room {
      const size = bytesOf(messages)
      if (facts + messages.length > limits.factsMax || bytes + size > limits.bytesMax) {
        throw new Problem('direct_full', {
          detail: `${facts} facts of direct links wait in this process for the log, and there is no room for ${messages.length} more; nothing was recorded. Try again when the log is back, or move the link to the outbox: cutover delivery LINK outbox`,
          retryable: true,
        })
      }
      facts += messages.length
      bytes += size
      return { publish: () => enqueue(messages), release: () => free(messages) }
    },
    async run(signal) {
      for (let failures = 0; !signal.aborted;) {
        if (await publishSome()) {
          ;[failures, trouble] = [0, null]
          if (waiting() > 0) continue
          if (bell.signal.aborted) bell = new AbortController()
          else await clock.sleep(idleMs, AbortSignal.any([signal, bell.signal]))
        } else await clock.sleep(fullJitter(failures++, retryDelay, random), signal)
      }
      await publishLast()
    },
    status: () => ({ waiting: waiting(), published, lost, trouble }),
  }
}

const bytesOf = (messages: readonly Message[]): number => messages.reduce((sum, { bytes }) => sum + Buffer.byteLength(bytes), 0)

const unknownEvent = (event: string): never => {
  throw new Error(`${event} is no event of this service`)
}
