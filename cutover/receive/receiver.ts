import type { Envelope, LinkContract } from '../contract/contract.ts'
import { toHeaders } from '../contract/headers.ts'
import type { Incoming, Message } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import { type Clock, systemClock } from '../process/clock.ts'
import type { Registry } from '../registry/registry.ts'
import type { Applied, Handler, Keyed } from './handler.ts'
import { type Judgement, judge, type Via } from './judge.ts'
import { withinLimit } from './limit.ts'
import { lateOf, type NewestStamp, newestOf } from './late.ts'
import { noticesOf } from './notice.ts'
import type { Outcome } from './outcome.ts'
import { readMessage } from './read.ts'
import type { DeadMessage, Known, NewReceipt, ReceiveStore } from './store.ts'

/**
 * Two doors, one room: the HTTP door, the consumer, the parked messages and the replays all come through here. In the
 * caller's transaction it decides, applies, and stores what became of each message; the caller's position, if it has
 * one, commits with it or not at all.
 */
export interface Receiver {
  readonly link: LinkContract
  /** The routes for which it can act. */
  readonly acts: readonly Via[]
  /** The versions that it is deployed for; all that this build knows, unless said otherwise. Others are parked. */
  readonly versions: readonly number[]
  /** Outcomes in the order of the messages. Throws when any of them cannot be handled: undo, then try them one by one. */
  receive(tx: Tx, messages: readonly Message[], via: Via): Promise<readonly Outcome[]>
  /** Keeps the messages that ended dead or in conflict; for doors that have nobody to give them back to. */
  setAside(tx: Tx, messages: readonly { message: Message; outcome: Outcome; origin: string }[]): Promise<void>
  /** Keeps messages that could not be handled, each with its bytes and its reason. */
  bury(tx: Tx, dead: readonly DeadMessage[]): Promise<void>
}

export function openReceiver(
  link: LinkContract,
  handler: Handler,
  registry: Registry,
  store: ReceiveStore,
  acts: readonly Via[] = ['http', 'event'],
  versions: readonly number[] = (registry.event(link.event)?.versions ?? []).map((_, version) => version),
  clock: Clock = systemClock,
): Receiver {
  return {
    link,
    acts,
    versions,
    async receive(tx, messages, via) {
      const outcomes = Array.from<Outcome | undefined>({ length: messages.length })
      const readable = messages.flatMap((message, at): Item[] => {
        const incoming = readMessage(message, registry)
        if ('envelope' in incoming) return [{ message: incoming, at }]
        outcomes[at] = incoming
        return []
      })
      const { receipts: known, newest } = await store.known(
        tx,
        link.id,
        messages.map(message => message.factId),
      )
      await noteStamps(tx, messages, known, newest)
      // A refusal is final, and so is a write-off. Any other repeat goes through the handler once more: only there can other content under
      // the same key be seen.
      const fresh = readable.filter(({ message, at }) => {
        const receipt = known.get(message.factId)
        const isOver = receipt?.outcome === 'rejected' || receipt?.outcome === 'written_off'
        // What comes in shadow is compared with the refusal, and is none itself.
        if (!isOver || judgeIt(message, via).do === 'record') return true
        outcomes[at] = { is: 'rejected', rule: receipt.outcome === 'rejected' ? (receipt.detail ?? '') : writtenOffRule }
        return false
      })
      const own = fresh.filter(withOwnKey(known, outcomes))
      await withinLimit(clock, link.id, handle(tx, own, via, outcomes))
      const done = new Set([...known.keys(), ...own.filter(({ at }) => isDone(outcomes[at])).map(({ message }) => message.factId)])
      for (const { message, at } of own) {
        // What is done stays done, whatever the handler would say of a copy now.
        const outcome = outcomes[at]
        const is = outcome?.is
        if (done.has(message.factId) && (is === 'parked' || is === 'rejected')) outcomes[at] = { is: 'duplicate', of: message.factId }
        else if (is === 'duplicate' && known.get(message.factId)?.outcome === 'done') outcomes[at] = { of: message.factId, ...outcome }
      }
      notice(own, outcomes)
      await keep(tx, own, via, outcomes)
      return messages.map((message, at) => outcomes[at] ?? unhandled(message))
    },
    setAside: (tx, messages) =>
      store.bury(
        tx,
        link.id,
        messages.flatMap(({ message, outcome, origin }) => {
          const reason = deathOf(outcome)
          if (reason === undefined) return []
          const { factId } = message
          return [{ factId, ...reason, attempts: 1, bytes: Buffer.from(message.bytes), headers: toHeaders(message), origin }]
        }),
      ),
    bury: (tx, dead) => store.bury(tx, link.id, dead),
  }

  function judgeIt(message: Message, via: Via): Judgement {
    return judge(message, link, versions, via, acts)
  }

  /**
   * A fact has one business key. Whatever comes under its id with another is not this fact: the first stands. Told by the
   * receipts of a week, and within the call.
   */
  function withOwnKey(known: Known['receipts'], outcomes: (Outcome | undefined)[]): (item: Item) => boolean {
    const keys = new Map<string, string>()
    return ({ message: { factId, businessKey }, at }) => {
      const first = known.get(factId)?.businessKey ?? keys.get(factId) ?? businessKey
      keys.set(factId, first)
      if (first === businessKey) return true
      outcomes[at] = { is: 'conflict', first, second: businessKey }
      return false
    }
  }

  function notice(items: readonly Item[], outcomes: (Outcome | undefined)[]): void {
    for (const { message, at } of items) {
      const noticed = noticesOf(message.envelope, message.event, registry, clock.now())
      const outcome = outcomes[at]
      if (noticed.length > 0 && outcome !== undefined) outcomes[at] = { ...outcome, noticed }
    }
  }

  /** Remembers a newer stamp, and notes what comes late: a write when the sender's switch has moved, not per message. */
  async function noteStamps(tx: Tx, messages: readonly Message[], known: Known['receipts'], seen: NewestStamp): Promise<void> {
    const own = messages.filter(message => message.source === link.from)
    const newest = newestOf(own, link.id, seen)
    if (newest.epoch !== seen.epoch || newest.route !== seen.route) await store.seeStamp(tx, link.id, newest)
    await store.noteLate(
      tx,
      link.id,
      lateOf(own, link.id, newest, fact => known.has(fact)),
    )
  }

  async function handle(tx: Tx, items: readonly Item[], via: Via, outcomes: (Outcome | undefined)[]): Promise<void> {
    const judged = new Map<Item, Judgement>()
    for (const item of items) {
      const judgement = judgeIt(item.message, via)
      if (judgement.do === 'park') outcomes[item.at] = { is: 'parked', waitsFor: judgement.waitsFor }
      else if (judgement.do === 'pass') outcomes[item.at] = { is: 'passed' }
      else if (judgement.do === 'dead') outcomes[item.at] = { is: 'dead', code: judgement.code, detail: judgement.detail }
      else judged.set(item, judgement)
    }
    // What would be done about these, whoever compares finds out later, from the same bytes: nobody waits for it here.
    const recorded = [...judged].filter(([, judgement]) => judgement.do === 'record').map(([item]) => item)
    for (const { at } of recorded) outcomes[at] = { is: 'recorded' }
    await store.record(tx, link.id, [...new Map(recorded.map(({ message }) => [message.factId, message])).values()])
    const acting = [...judged].filter(([, judgement]) => judgement.do === 'act').map(([item]) => item)
    if (acting.length === 0) return
    const facts = await handler.lookup(
      acting.map(item => item.message),
      tx,
    )
    const effects: Planned[] = []
    for (const { message, at } of acting) {
      const decision = handler.decide(message, facts)
      if (decision.do === 'wait') outcomes[at] = { is: 'parked', waitsFor: decision.for }
      else if (decision.do === 'reject') outcomes[at] = { is: 'rejected', rule: decision.rule }
      else effects.push({ message, effect: decision.effect, at })
    }
    await applyInRounds(tx, effects, outcomes)
  }

  /**
   * Sorted by key, so that concurrent batches cannot deadlock. A key that comes twice (a redelivery beside its first
   * copy, or other content under it) is applied in a later round, where it meets its first.
   */
  async function applyInRounds(tx: Tx, effects: readonly Planned[], outcomes: (Outcome | undefined)[]): Promise<void> {
    let left = effects.toSorted((a, b) =>
      a.message.businessKey < b.message.businessKey ? -1 : a.message.businessKey > b.message.businessKey ? 1 : 0,
    )
    while (left.length > 0) {
      const [round, later] = [[] as Planned[], [] as Planned[]]
      left.forEach((one, index) => (one.message.businessKey === left[index - 1]?.message.businessKey ? later : round).push(one))
      const applied = await handler.apply(round, tx)
      if (applied.length !== round.length)
        throw new Error(`${link.id}: the handler applied ${round.length} effects and answered for ${applied.length}`)
      round.forEach((one, index) => (outcomes[one.at] = toOutcome(applied[index])))
      left = later
    }
  }

  async function keep(tx: Tx, items: readonly Item[], via: Via, outcomes: readonly (Outcome | undefined)[]): Promise<void> {
    const each = items.map(({ message, at }) => ({ message, outcome: outcomes[at] }))
    const receipts = each.flatMap(({ message, outcome }): NewReceipt[] =>
      // Nobody asks what became of a direct fact, and what nobody asks for is never forgotten: a repeat has its revision.
      message.stamps[link.id]?.direct !== true && (outcome?.is === 'done' || outcome?.is === 'duplicate' || outcome?.is === 'rejected')
        ? [{ message, outcome: outcome.is, detail: outcome.is === 'rejected' ? outcome.rule : suspicion(outcome) }]
        : [],
    )
    await store.storeReceipts(tx, link.id, via, receipts)
    // A fact that comes by event as well, in shadow: what was done about it is what the other side is compared with.
    const shadowed = receipts.filter(({ message }) => via === 'http' && message.stamps[link.id]?.shadow === true)
    await store.acted(tx, link.id, [...new Map(shadowed.map(one => [one.message.factId, one])).values()])
    const parked = each.flatMap(({ message, outcome }) => (outcome?.is === 'parked' ? [{ message, waitsFor: outcome.waitsFor }] : []))
    // Of copies of one fact one is kept.
    await store.park(tx, link.id, via, [...new Map(parked.map(one => [one.message.factId, one])).values()])
  }
}

/** The rule that answers a copy of a fact that was written off: it has no effect any more. */
const writtenOffRule = 'written-off'

/** A message of the call, by its place in it: copies of one fact may differ, so each has an outcome of its own. */
interface Item {
  readonly message: Incoming
  readonly at: number
}

type Planned = Keyed<Envelope, unknown> & Item

/** That the message's time cannot be right is kept with what was done about it. */
const suspicion = ({ noticed = [] }: Outcome): string | null => noticed.find(one => one === 'clock_suspect') ?? null

const isDone = (outcome: Outcome | undefined): boolean => outcome?.is === 'done' || outcome?.is === 'duplicate'

function deathOf(outcome: Outcome): { code: string; error: string } | undefined {
  if (outcome.is === 'dead') return { code: outcome.code, error: outcome.detail }
  if (outcome.is === 'conflict')
    return {
      code: 'conflict',
      error: `the key is taken by other content. First: ${outcome.first}. This: ${outcome.second}. The first stands`,
    }
  return undefined
}

function toOutcome(applied: Applied | undefined): Outcome {
  if (applied === undefined) throw new Error('the handler left out an effect')
  const { outcome: is, ...more } = applied
  return { is, ...more } as Outcome
}

const unhandled = (message: Message): never => {
  throw new Error(`fact ${message.factId} has no outcome: this is a fault in the receiver`)
}
