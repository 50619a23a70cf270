import type { Broker } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import type { ReceiptAnswer, WrittenOffAnswer } from '../contract/receipts.ts'
import { isTransient, type Tx } from '../database/database.ts'
import type { Courier } from '../delivery/courier.ts'
import type { Message } from '../contract/message.ts'
import type { Outcome } from '../receive/outcome.ts'
import type { Receiver } from '../receive/receiver.ts'
import type { ReceiveStore } from '../receive/store.ts'
import { exported } from './exporting.ts'
import { readLetter, type Reader } from './letter.ts'
import type { DeadLetterStore, Failed, Item, Job, Letter, Result } from './store.ts'

export interface HandlingPorts {
  readonly reader: Reader
  readonly store: DeadLetterStore
  readonly receive: ReceiveStore
  /** By link: what this instance receives by, and what it delivers by. */
  readonly receivers: ReadonlyMap<string, Receiver>
  readonly couriers: ReadonlyMap<string, Courier>
  readonly broker: Broker
  readonly events: readonly EventContract[]
  readonly received: (link: string, outcomes: readonly Outcome[]) => void
}

/** The other side is away: nothing was decided about the letter, and its job waits. */
export class Away extends Error {
  override readonly name = 'Away'
}

/** Carries the outcomes out of a transaction that shall leave nothing. */
class Rehearsed extends Error {
  override readonly name = 'Rehearsed'
  readonly outcome: Outcome
  constructor(outcome: Outcome) {
    super('this was a rehearsal')
    this.outcome = outcome
  }
}

const failed = (code: string, detail: string): Failed => ({ outcome: 'failed', code, detail })
export const isFailed = (result: Result): result is Failed => result.outcome === 'failed'

/**
 * Deals with one letter of a job. What is decided, what becomes of the letter, and the item commit together, under the
 * job's lease, which `fence` demands in that transaction. A call of another service comes before it and can be repeated.
 * Resolves with the result; throws `Away`, or whatever all letters share.
 */
export async function handle(ports: HandlingPorts, job: Job, item: Item, fence: (tx: Tx) => Promise<void>): Promise<Result> {
  const { store } = ports
  const finish = (result: Result, more?: (tx: Tx) => Promise<void>): Promise<Result> =>
    store.transaction(async tx => {
      await fence(tx)
      await more?.(tx)
      await settle(tx, store, job, item, result)
      return result
    })
  const { letter } = item
  if (job.kind === 'export') return finish(await exported(ports, letter))
  if (job.kind === 'write_off')
    return letter.side === 'relay' ? finish(await tellWrittenOff(ports, job, letter)) : finish(...writingOff(ports, job, letter))
  if (letter.side === 'relay') return finish(job.kind === 'rehearsal' ? await foresee(ports, letter) : await deliver(ports, letter))
  return job.kind === 'rehearsal' ? finish(await rehearse(ports, letter)) : replay(ports, job, item, fence)
}

/** For a letter of which whoever handled it has died, so often. */
export function giveUp({ store }: HandlingPorts, job: Job, item: Item, fence: (tx: Tx) => Promise<void>, tries: number): Promise<Result> {
  const result = failed('crash_loop', `whoever handled it died of it ${tries} times`)
  return store.transaction(async tx => {
    await fence(tx)
    if (job.kind === 'replay') await store.reopen(tx, item.letter, result)
    await store.settle(tx, job.id, item, kept(result))
    return result
  })
}

async function settle(tx: Tx, store: DeadLetterStore, job: Job, item: Item, result: Result): Promise<void> {
  if (job.kind === 'replay') {
    if (isFailed(result)) await store.reopen(tx, item.letter, result)
    else await store.close(tx, item.letter, 'resolved')
  }
  // A fact that has arrived after all was not written off.
  if (job.kind === 'write_off') await store.close(tx, item.letter, result.outcome === 'written_off' ? 'written_off' : 'resolved')
  await store.settle(tx, job.id, item, kept(result))
}

/** What a handler says may quote the message: beside the letter only its code is kept, and shown in the history. */
const kept = (result: Result): Result => (isFailed(result) ? { outcome: result.outcome, detail: result.code } : result)

/** Through the same receiver as everything else, in the transaction that resolves the letter. */
async function replay(ports: HandlingPorts, job: Job, item: Item, fence: (tx: Tx) => Promise<void>): Promise<Result> {
  const { store, reader } = ports
  const finish = (result: Result): Promise<Result> =>
    store.transaction(async tx => {
      await fence(tx)
      await settle(tx, store, job, item, result)
      return result
    })
  const read = readLetter(item.letter, reader.service)
  if ('wrong' in read) return finish(failed(read.wrong.code, read.wrong.detail))
  try {
    const [outcome, result] = await store.transaction(async tx => {
      await fence(tx)
      const one = await receiveOne(ports, tx, item.letter, read.message, read.via)
      const became = resultOf(one)
      await settle(tx, store, job, item, became)
      return [one, became]
    })
    ports.received(item.letter.link, [outcome])
    return result
  } catch (error) {
    if (isTransient(error) || isFence(error)) throw error
    return finish(failed('handler_error', error instanceof Error ? (error.stack ?? error.message) : String(error)))
  }
}

/** Whoever lost the lease must not write anything, a failure least of all. */
export class JobLost extends Error {
  override readonly name = 'JobLost'
}
const isFence = (error: unknown): boolean => error instanceof JobLost

/** The same, undone: what would become of it now. */
async function rehearse({ store, reader, ...ports }: HandlingPorts, letter: Letter): Promise<Result> {
  const read = readLetter(letter, reader.service)
  if ('wrong' in read) return failed(read.wrong.code, read.wrong.detail)
  try {
    await store.transaction(async tx => {
      throw new Rehearsed(await receiveOne({ store, reader, ...ports }, tx, letter, read.message, read.via))
    })
  } catch (error) {
    if (error instanceof Rehearsed) return error.outcome.is === 'done' ? { outcome: 'would_act', detail: null } : resultOf(error.outcome)
    if (isTransient(error)) throw error
    return failed('handler_error', error instanceof Error ? error.message : String(error))
  }
  throw new Error('a rehearsal was committed')
}

async function receiveOne(ports: HandlingPorts, tx: Tx, letter: Letter, message: Message, via: 'http' | 'event'): Promise<Outcome> {
  const receiver = ports.receivers.get(letter.link)
  if (receiver === undefined) throw new Error(`${letter.link} has no receiver here`)
  const [outcome] = await receiver.receive(tx, [message], via)
  if (outcome === undefined) throw new Error('the receiver left out a message')
  return outcome
}

/** What is parked has a row that brings it back; what is recorded is another route's. Only what fails stays a dead letter. */
function resultOf(outcome: Outcome): Result {
  if (outcome.is === 'dead') return failed(outcome.code, outcome.detail)
  if (outcome.is === 'conflict')
    return failed('conflict', `the key is taken by other content. First: ${outcome.first}. This: ${outcome.second}. The first stands`)
  const detail = outcome.is === 'rejected' ? outcome.rule : outcome.is === 'parked' ? outcome.waitsFor : null
  return { outcome: outcome.is, detail }
}

/** Calls once more. A call that is repeated changes nothing at the receiver. */
async function deliver(ports: HandlingPorts, letter: Letter): Promise<Result> {
  const courier = courierOf(ports, letter)
  const read = readLetter(letter, ports.reader.service)
  if ('gone' in read) return arrivedOf(courier, letter)
  if ('wrong' in read) return failed(read.wrong.code, read.wrong.detail)
  const delivered = await courier.deliver(read.message)
  if (delivered.kind === 'away') throw new Away(`${courier.link.to} is away (${delivered.reason})`)
  if (delivered.kind === 'refused') return failed(delivered.code, delivered.detail)
  return { outcome: delivered.kind === 'receipt' ? delivered.outcome : 'parked', detail: null }
}

async function foresee(ports: HandlingPorts, letter: Letter): Promise<Result> {
  const read = readLetter(letter, ports.reader.service)
  if ('wrong' in read && !('gone' in read)) return failed(read.wrong.code, read.wrong.detail)
  const result = await arrivedOf(courierOf(ports, letter), letter)
  return result.outcome === 'failed' ? { outcome: 'would_call', detail: null } : result
}

/** What the receiver has of the fact. */
async function arrivedOf(courier: Courier, { link, fact_id: fact }: Letter): Promise<Result> {
  const answer = await asked<ReceiptAnswer>(courier, `/links/${link}/receipts`, { facts: fact === null ? [] : [fact] })
  return fact !== null && answer.terminal.includes(fact)
    ? { outcome: 'duplicate', detail: null }
    : failed('fact_gone', 'the sender does not hold the fact any more, and the receiver has no receipt of it')
}

/** The receiver books it: its receipts are what is counted. It answers with the receipt that stands. */
async function tellWrittenOff(ports: HandlingPorts, job: Job, letter: Letter): Promise<Result> {
  const body = { fact: letter.fact_id, position: letter.origin, by: peopleOf(job) }
  const { outcome } = await asked<WrittenOffAnswer>(courierOf(ports, letter), `/links/${letter.link}/written-off`, body)
  return { outcome, detail: job.reason }
}

function writingOff({ receive, reader }: HandlingPorts, job: Job, letter: Letter): [Result, (tx: Tx) => Promise<void>] {
  const read = readLetter({ ...letter, edit: null }, reader.service)
  const link = reader.links.find(one => one.id === letter.link)
  return [
    { outcome: 'written_off', detail: job.reason },
    async tx => {
      // Of what is no fact of this link nobody waits for a receipt.
      if ('wrong' in read || read.message.source !== link?.from || read.message.stamps[letter.link] === undefined) return
      const { factId, position } = read.message
      await receive.writeOff(tx, letter.link, read.via, { fact: factId, position, by: peopleOf(job) })
    },
  ]
}

const peopleOf = ({ who, approver }: Job): string => (approver === null ? `by ${who}` : `by ${who}, approved by ${approver}`)

function courierOf({ couriers }: HandlingPorts, { link }: Letter): Courier {
  const courier = couriers.get(link)
  if (courier === undefined) throw new Error(`${link} has no courier here`)
  return courier
}

async function asked<Answer>(courier: Courier, path: string, body: object): Promise<Answer> {
  try {
    return await courier.ask<Answer>(path, body)
  } catch (error) {
    throw new Away(`${courier.link.to} does not answer ${path} (${error instanceof Error ? error.message : String(error)})`)
  }
}
