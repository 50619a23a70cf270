import type { EventContract, LinkContract, PayloadOf } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Registry } from '../registry/registry.ts'
import type { SwitchCache } from '../switch/switch.ts'
import { attributes } from '../telemetry/names.ts'
import { inSpan } from '../telemetry/tracing.ts'
import { append, StaleSwitch } from './append.ts'
import { type Able, buildFact, isDirect, type NewFact } from './fact.ts'
import type { OutboxStore } from './store.ts'

/**
 * States a fact in the open transaction and answers with its id. The caller has locked the entity's row before (by
 * updating it, or `select … for update`): position order is then commit order for every key.
 */
export type RecordFact = <E extends EventContract>(
  event: E,
  payload: PayloadOf<E['versions'][number]>,
  options?: {
    readonly revision?: number
    readonly factId?: string
    /** The entity is gone; the payload is its last state. */
    readonly removed?: boolean
    /** Told over this link only. */
    readonly only?: string
  },
) => string

export interface Sender {
  /**
   * Runs `work` in one transaction and appends what it recorded in the same one. `work` may run again (when the switch
   * has moved meanwhile), so it has no effects outside its transaction. Resolves after the commit; facts whose route is
   * http have then been called, or have been given up to the relay after 200 ms. While the outbox is at its bound it
   * rejects with the problem `capacity` before anything is done.
   */
  transaction<Result>(work: (tx: Tx, record: RecordFact) => Promise<Result>): Promise<Result>
}

/** Where facts wait that are published after the commit, from memory. */
export interface Direct {
  /** Keeps room for facts that are about to be committed. Throws the problem `direct_full` when there is none. */
  reserve(messages: readonly Message[]): Room
}

/** Room that is kept. Exactly one of the two is called, once. */
export interface Room {
  /** They are committed: they wait to be published, until they are. */
  publish(): void
  /** They are not committed, or nobody knows. */
  release(): void
}

export interface SenderOptions {
  readonly service: string
  readonly store: OutboxStore
  readonly switches: SwitchCache
  readonly links: readonly LinkContract[]
  readonly registry: Registry
  readonly clock: Clock
  readonly random: Random
  /** What this instance can do; everything, unless said otherwise. */
  readonly able?: Able
  /** Throws when there is no room for more facts; always room, unless it is given. Asked before each transaction, and costs next to nothing. */
  readonly admit?: () => void
  /** Calls the http route of a link at once; resolves when it knows, never throws. Undefined while it would not help. */
  readonly deliverNow: (link: string, message: Message) => Promise<unknown> | undefined
  /** Takes facts that are not appended; without it the switch must say `direct` of no link. */
  readonly direct?: Direct
  /** Told of every message that was committed: wakes the relay, counts. */
  readonly committed: (messages: readonly Message[]) => void
}

/** How long a caller's request may wait for the http routes of its own facts. The relay's http lanes trail by it. */
export const immediateDeadlineMs = 200
const rebuildsMax = 10

export function openSender(options: SenderOptions): Sender {
  const { service, store, switches, links, registry, clock, random } = options
  const able = options.able ?? (() => true)
  const business = new Set(links.filter(link => link.kind === 'business' && link.from === service).map(link => link.id))

  const once = async <Result>(
    work: (tx: Tx, record: RecordFact) => Promise<Result>,
    traceparent: string,
  ): Promise<{ result: Result; messages: readonly Message[] }> => {
    const state = switches.current()
    let room: Room | undefined
    try {
      const done = await store.transaction(async tx => {
        const facts: NewFact[] = []
        const result = await work(tx, (event, payload, { revision, factId = random.uuid(), ...more } = {}) => {
          const details = { service, factId, producedAt: new Date(clock.now()).toISOString(), revision: revision ?? null, ...more }
          facts.push(buildFact(event, payload, details, state, links, registry, able))
          return factId
        })
        const messages = await append(store, tx, state.epoch, facts, traceparent)
        // Before the commit: what finds no room is refused, and is not stated at all.
        room = reserve(messages.filter(isDirect))
        return { result, messages }
      })
      room?.publish()
      return done
    } catch (error) {
      room?.release()
      throw error
    }
  }

  function reserve(messages: readonly Message[]): Room | undefined {
    if (messages.length === 0) return undefined
    if (options.direct === undefined) throw new Error('the switch says direct, and this sender has nowhere to keep such facts')
    return options.direct.reserve(messages)
  }

  const callNow = async (messages: readonly Message[]): Promise<void> => {
    const calls = messages.flatMap(message =>
      Object.entries(message.stamps).flatMap(([link, stamp]) => {
        const call = stamp.route === 'http' && business.has(link) ? options.deliverNow(link, message) : undefined
        return call === undefined ? [] : [call]
      }),
    )
    if (calls.length === 0) return
    const done = new AbortController()
    await Promise.race([Promise.allSettled(calls), clock.sleep(immediateDeadlineMs, done.signal)])
    done.abort()
  }

  return {
    // The trace is stored with the facts, so that whoever carries or handles them, however late, is found in it.
    transaction: work =>
      inSpan({ name: 'transaction', kind: 'internal' }, async (span, { traceparent }) => {
        options.admit?.()
        for (let attempt = 0; attempt < rebuildsMax; attempt++) {
          try {
            const { result, messages } = await once(work, traceparent)
            span?.setAttribute(attributes.count, messages.length)
            if (messages.length > 0) options.committed(messages)
            await callNow(messages)
            return result
          } catch (error) {
            if (!(error instanceof StaleSwitch)) throw error
            await switches.reload()
          }
        }
        throw new Problem('switch_busy', {
          detail: `the switch moved ${rebuildsMax} times while one transaction was tried; nothing was recorded, try again`,
          retryable: true,
        })
      }),
  }
}
