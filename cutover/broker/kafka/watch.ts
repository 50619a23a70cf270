import type { ConnectionPool } from '@platformatic/kafka'
import type { FetchFrom, TopicIdentity } from '../broker.ts'
import { longPollMs } from './options.ts'
import { fetchOn } from './records.ts'
import { errorCodes, type Leader, type Wire } from './wire.ts'

/**
 * Wakes readers that wait. Kafka has no bell, but a broker holds a fetch until there is something: one such fetch is kept
 * open per topic that somebody waits for and per broker that leads a part of it, from the end of what is there. Only
 * that: what it brings is not read, a ring may be lost and nothing is wrong, because readers look again by themselves.
 */
export interface Watch {
  /** From now on, whatever is appended at or after these offsets ends the next wait, or the one that is under way. */
  attend(topic: TopicIdentity, from: readonly FetchFrom[], signal?: AbortSignal): Attention
  /** Ends every wait, now and from now on. */
  close(): void
}

export interface Attention {
  /** Resolves at a ring since the last wait, after `timeoutMs`, or when the signal aborts. */
  wait(timeoutMs: number): Promise<void>
  end(): void
}

/** How long a topic is watched although nobody waits: a reader that handles what it got comes back. */
const lingerMs = 10_000
const troubleMs = 200
/** The shortest that a broker can answer with: one batch. */
const leastBytes = 1

interface Watched {
  readonly topic: TopicIdentity
  readonly pool: ConnectionPool
  /** By partition, where the next record will be. */
  readonly ends: Map<number, bigint>
  readonly following: Set<number>
  readonly rings: Set<() => void>
  leftAt: number
}

export interface WatchOptions {
  readonly wire: Wire
  /** Its records concern the readers of every topic. */
  readonly everybody: TopicIdentity
}

export function openWatch({ wire, everybody }: WatchOptions): Watch {
  const topics = new Map<string, Watched>()
  let closed = false

  const isWanted = (one: Watched): boolean =>
    !closed &&
    topics.get(one.topic.id) === one &&
    (one.topic.id === everybody.id ? topics.size > 1 : one.rings.size > 0 || Date.now() - one.leftAt < lingerMs)

  function watched(topic: TopicIdentity, from: readonly FetchFrom[]): Watched {
    let found = topics.get(topic.id)
    if (found === undefined) {
      found = { topic, pool: wire.pool(), ends: new Map(), following: new Set(), rings: new Set(), leftAt: Date.now() }
      topics.set(topic.id, found)
    }
    for (const { partition, offset } of from) if (!found.ends.has(partition)) found.ends.set(partition, offset)
    void followAll(found)
    return found
  }

  /** Follows it on every broker that leads a part of it. */
  async function followAll(one: Watched): Promise<void> {
    const leaders = await wire.leaders(one.topic.name).catch(() => new Map<number, Leader>())
    for (const broker of new Set([...leaders.values()].map(leader => leader.broker))) {
      if (one.following.has(broker)) continue
      one.following.add(broker)
      void follow(one, broker)
    }
  }

  async function follow(one: Watched, broker: number): Promise<void> {
    while (isWanted(one)) {
      try {
        const leaders = await wire.leaders(one.topic.name)
        const from = [...one.ends].flatMap(([partition, offset]) =>
          leaders.get(partition)?.broker === broker ? [{ partition, offset }] : [],
        )
        if (from.length === 0) break
        const found = await fetchOn(wire, broker, one.topic, from, { holdMs: longPollMs, bytes: leastBytes, pool: one.pool })
        const trouble = found.some(each => each.code !== 0)
        const news = found.filter(each => each.code === 0 && each.end > (one.ends.get(each.partition) ?? 0n))
        for (const { partition, end } of news) one.ends.set(partition, end)
        // Its reader is told so, and stops; it is not to be woken for that again and again.
        for (const { partition, code } of found) if (code === errorCodes.offsetOutOfRange) one.ends.delete(partition)
        if (news.length > 0 || trouble) ring(one)
        if (!trouble) continue
      } catch {
        // Away, or without the records that it should have: readers that look for themselves are told so.
        ring(one)
      }
      wire.forget(one.topic.name)
      await new Promise(resolve => setTimeout(resolve, troubleMs))
      await followAll(one)
    }
    one.following.delete(broker)
    if (one.following.size > 0 || isWanted(one)) return
    if (topics.get(one.topic.id) === one) topics.delete(one.topic.id)
    await wire.release(one.pool)
  }

  function ring(one: Watched): void {
    const all = one.topic.id === everybody.id ? [...topics.values()] : [one]
    for (const { rings } of all) for (const heard of rings) heard()
  }

  return {
    attend(topic, from, signal) {
      const one = watched(topic, from)
      watched(everybody, [{ partition: 0, offset: 0n }])
      let rung = false
      let wake: (() => void) | undefined
      const heard = (): void => {
        rung = true
        wake?.()
      }
      one.rings.add(heard)
      signal?.addEventListener('abort', heard)
      return {
        async wait(timeoutMs) {
          if (!rung && !closed) {
            const { promise, resolve } = Promise.withResolvers<void>()
            const timer = setTimeout(resolve, timeoutMs)
            wake = resolve
            await promise
            wake = undefined
            clearTimeout(timer)
          }
          rung = false
        },
        end() {
          one.rings.delete(heard)
          one.leftAt = Date.now()
          signal?.removeEventListener('abort', heard)
        },
      }
    },
    close() {
      closed = true
      for (const one of topics.values()) for (const heard of one.rings) heard()
    },
  }
}
