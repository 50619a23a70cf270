import {
  type Broker,
  type FetchFrom,
  type LogRecord,
  OffsetOutOfRange,
  type Overdue,
  TopicQuarantined,
  TopicUnknown,
} from '../broker/broker.ts'
import type { Message } from '../contract/message.ts'
import { isTransient, sqlState, type Tx } from '../database/database.ts'
import { fullJitter } from '../failure/backoff.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Outcome } from '../receive/outcome.ts'
import type { Receiver } from '../receive/receiver.ts'
import type { DeadMessage } from '../receive/store.ts'
import { type Beginnings, endedMax, openBeginnings } from './beginnings.ts'
import { goOn } from './gaps.ts'
import { readRecord } from './record.ts'
import type { Shares } from './shares.ts'
import { type ConsumerStatus, type Now, statusOf } from './status.ts'
import type { ConsumerStore, Held } from './store.ts'

export interface ConsumerOptions {
  readonly topic: string
  readonly receiver: Receiver
  readonly broker: Broker
  readonly store: ConsumerStore
  readonly shares: Shares
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly show: (status: ConsumerStatus) => void
  readonly received: (outcomes: readonly Outcome[]) => void
}

const batchMax = 500
const waitMs = 1_000
const renewMs = 1_500
/** Tries of a message that fails by itself, before it is set aside. */
const attemptsMax = 5
const retryDelay = { firstMs: 50, maxMs: 1_000 }
/** Every look at a topic in quarantine is noted there, and nobody waits for it. */
const quarantineMs = 5_000
const outageDelay = { firstMs: 100, maxMs: 5_000 }

/** How often the log is told how far this reader has come. */
const progressMs = 30_000

/** The lease is another's by now: whatever was done in the transaction is undone. */
class ShareLost extends Error {
  override readonly name = 'ShareLost'
}

/**
 * Reads the partitions that this instance holds and hands batches to the receiver. Effect, receipt and position commit
 * together; a message that fails by itself is set aside alone, and trouble that all messages share is waited out.
 */
export async function runConsumer(options: ConsumerOptions, signal: AbortSignal): Promise<void> {
  const { broker, clock, random, log, shares } = options
  let held: readonly Held[] = []
  let renewAt = 0
  let failures = 0
  let trouble: string | null = null
  const beginnings = openBeginnings(options.store, shares.of)
  let begun = false
  let progressAt = 0
  let sinceMs: number | null = null
  /** The database has not even said what is held. */
  let unsure = false
  const topic = { id: shares.of.topicId, name: options.topic }
  const now: Now = { gaps: [], overdue: [] }
  const tell = (): void => {
    sinceMs = trouble === null && now.gaps.length === 0 ? null : (sinceMs ?? clock.now())
    options.show(statusOf({ consumer: shares.of.consumer, topic: options.topic }, held, trouble, now, sinceMs))
  }
  while (!signal.aborted) {
    try {
      if (!begun) unsure = true
      // Before it has a position in this topic: that it had one in another tells that this one was made anew.
      if (!begun && (await options.store.noteAnew(shares.of, options.receiver.link.id)))
        log.warn({ consumer: shares.of.consumer }, 'consumer: the topic was made anew; what was on its way in the old one is sent again')
      begun = true
      if (clock.now() >= renewAt) {
        unsure = true
        await beginnings.survive()
        ;({ held, gaps: now.gaps } = await goOn(options, await shares.renew()))
        unsure = false
        renewAt = clock.now() + renewMs
      }
      tell()
      if (clock.now() >= progressAt) {
        progressAt = clock.now() + progressMs
        now.overdue = await progress(options, topic, held, now.overdue)
      }
      const from: FetchFrom[] = held
        .filter(one => now.gaps.every(gap => gap.partition !== one.partition))
        .map(one => ({ partition: one.partition, offset: one.position }))
      if (from.length === 0) {
        await clock.sleep(renewMs / 3, signal)
        continue
      }
      const records = await broker.fetch(topic, from, batchMax, waitMs, signal)
      if (records.length > 0) held = await take(options, beginnings, held, records, signal)
      failures = 0
      trouble = null
    } catch (error) {
      if (error instanceof ShareLost) {
        renewAt = 0
        continue
      }
      // Deleted, perhaps made again: whoever started this reader looks the topic up anew.
      if (error instanceof TopicUnknown) break
      trouble = error instanceof Error ? error.message : String(error)
      renewAt = 0
      // Never skipped silently: the partition stops until its sender has sent again what is not terminal.
      if (error instanceof OffsetOutOfRange && (await noteGap(options, error))) continue
      failures++
      if (failures === 1) log.warn({ consumer: options.shares.of.consumer, err: error }, 'consumer: waits and tries again')
      // Its own database is away: it would not come to say so otherwise.
      if (unsure) tell()
      unsure = false
      if (error instanceof TopicQuarantined) {
        tell()
        await clock.sleep(quarantineMs, signal)
        continue
      }
      await clock.sleep(fullJitter(failures, outageDelay, random), signal)
    }
  }
  await shares.release().catch(error => log.debug({ err: error }, 'consumer: the leases run out by themselves'))
}

/** One batch in one transaction; when that fails by the batch's own fault, each record in one of its own. */
async function take(
  options: ConsumerOptions,
  beginnings: Beginnings,
  held: readonly Held[],
  records: readonly LogRecord[],
  signal: AbortSignal,
): Promise<readonly Held[]> {
  // Where a holder has ended, one of these may have ended it: each alone, so that only that one is looked upon.
  if ((await beginnings.begin(held, records)) === 0) {
    try {
      const moved = await takeTogether(options, held, records)
      beginnings.end()
      return moved
    } catch (error) {
      if (isEverybodys(error)) throw error
    }
  }
  let now = held
  for (const record of records) {
    const ended = await beginnings.begin(now, [record])
    now = ended < endedMax ? await takeAlone(options, now, record, signal) : await setAsideUnhandled(options, now, record, ended)
    beginnings.end()
  }
  return now
}

/** Trouble that other messages would have as well. A transaction that its handler left idle is that handler's own. */
const isEverybodys = (error: unknown): boolean => error instanceof ShareLost || (isTransient(error) && sqlState(error) !== '25P03')

function setAsideUnhandled(options: ConsumerOptions, held: readonly Held[], record: LogRecord, ended: number): Promise<readonly Held[]> {
  const reason = `${ended} processes ended while they handled this message; it was set aside before it ends another`
  return bury(options, held, record, dead(options, record, 'crash_loop', reason, ended))
}

function bury(options: ConsumerOptions, held: readonly Held[], record: LogRecord, letter: DeadMessage): Promise<readonly Held[]> {
  return options.store.transaction(async tx => {
    await options.receiver.bury(tx, [letter])
    return advance(tx, options, held, [record])
  })
}

async function takeAlone(
  options: ConsumerOptions,
  held: readonly Held[],
  record: LogRecord,
  signal: AbortSignal,
): Promise<readonly Held[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await takeTogether(options, held, [record])
    } catch (error) {
      if (isEverybodys(error) || signal.aborted) throw error
      if (attempt >= attemptsMax) {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
        return bury(options, held, record, dead(options, record, 'handler_error', reason, attempt))
      }
      await options.clock.sleep(fullJitter(attempt, retryDelay, options.random), signal)
    }
  }
}

async function takeTogether(options: ConsumerOptions, held: readonly Held[], records: readonly LogRecord[]): Promise<readonly Held[]> {
  const { moved, outcomes } = await options.store.transaction(tx => takeIn(tx, options, held, records))
  options.received(outcomes)
  return moved
}

async function takeIn(
  tx: Tx,
  options: ConsumerOptions,
  held: readonly Held[],
  records: readonly LogRecord[],
): Promise<{ moved: readonly Held[]; outcomes: readonly Outcome[] }> {
  // The position first: a zombie's batch ends here, before it has touched anything, and two holders cannot both go on.
  const moved = await advance(tx, options, held, records)
  const messages: { message: Message; record: LogRecord }[] = []
  const unreadable: DeadMessage[] = []
  for (const record of records) {
    const message = readRecord(record)
    if ('wrong' in message) unreadable.push(dead(options, record, message.code, message.wrong, 1))
    else messages.push({ message, record })
  }
  const outcomes =
    messages.length === 0
      ? []
      : await options.receiver.receive(
          tx,
          messages.map(one => one.message),
          'event',
        )
  await options.receiver.setAside(
    tx,
    messages.map(({ message, record }, index) => ({ message, outcome: outcomes[index] as Outcome, origin: originOf(options, record) })),
  )
  await options.receiver.bury(tx, unreadable)
  return { moved, outcomes }
}

/** Compare-and-set: the batch must begin exactly where the stored position stands, under the term that is held. */
async function advance(tx: Tx, options: ConsumerOptions, held: readonly Held[], records: readonly LogRecord[]): Promise<readonly Held[]> {
  const next = new Map<number, bigint>()
  for (const record of records) next.set(record.partition, record.offset + 1n)
  const moves = held.flatMap(from => {
    const to = next.get(from.partition)
    return to === undefined ? [] : [{ from, to }]
  })
  if ((await options.store.advance(tx, options.shares.of, moves)) !== next.size)
    throw new ShareLost(`${options.shares.of.consumer}: a partition has another holder by now`)
  return held.map(one => ({ ...one, position: next.get(one.partition) ?? one.position }))
}

const originOf = (options: ConsumerOptions, record: LogRecord): string =>
  `${options.shares.of.topicId}/${record.partition}/${record.offset}`

const dead = (options: ConsumerOptions, record: LogRecord, code: string, error: string, attempts: number): DeadMessage => {
  const message = readRecord(record)
  return {
    // Named where it can be: what the sender believes lost it sends again.
    factId: 'wrong' in message ? null : message.factId,
    code,
    error,
    attempts,
    bytes: Buffer.from(record.value),
    headers: record.headers,
    origin: originOf(options, record),
  }
}

async function noteGap({ store, shares, receiver, log }: ConsumerOptions, { gap, message }: OffsetOutOfRange): Promise<boolean> {
  const { partition } = gap
  return store.noteGap(shares.of, receiver.link.id, gap).then(
    () => {
      log.error({ consumer: shares.of.consumer, partition, gap: message }, 'consumer: data_gap; the partition stops until it is refilled')
      return true
    },
    () => false,
  )
}

/** What the log will soon throw away unread: a warning when that begins, and nothing else depends on it. */
async function progress(
  { broker, shares, log }: ConsumerOptions,
  topic: Parameters<Broker['progress']>[1],
  held: readonly Held[],
  before: readonly Overdue[],
): Promise<readonly Overdue[]> {
  const { consumer } = shares.of
  try {
    const overdue = await broker.progress(
      consumer,
      topic,
      held.map(one => ({ partition: one.partition, offset: one.position })),
    )
    if (overdue.length > 0 && before.length === 0)
      log.warn({ consumer, overdue }, 'consumer: unread records are past half the time for which the log keeps them')
    return overdue
  } catch (error) {
    log.debug({ consumer, err: error }, 'consumer: the log is told later how far this reader has come')
    return before
  }
}
