import assert from 'node:assert/strict'
import { type Broker, type FetchFrom, type LogRecord, type NewRecord, type Topic } from '../broker.ts'

/** A log that the suite may do with what it likes. */
export interface Subject {
  /** Another client of the same log, under a name. The suite closes it. */
  open(name?: string): Broker
  /** Takes away all records that are there now, as retention will when they are too old. */
  expire(topic: Topic): Promise<void>
  /** Appends as a writer does that dies before its append is complete. */
  dieAppending(topic: Topic, records: readonly NewRecord[]): Promise<void>
}

/** Declares one test: what is claimed, and the check of it with a client of its own. */
export type Claim = (title: string, check: (broker: Broker, subject: Subject) => Promise<void>) => void

// Waits of this suite never end by their time-out, except where that is the claim: a wake-up that is missing shows as a
// test that hangs, and no test depends on how quick the machine is.
export const forEverMs = 600_000
export const limit = 500
let named = 0
export const aName = (): string => `conformance.topic-${process.pid}-${++named}`

export const record = (key: string, value: string): NewRecord => ({ key, value, headers: { 'cutover-fact': value } })
export const numbered = (key: string, count: number, first = 0): NewRecord[] =>
  Array.from({ length: count }, (_, n) => record(key, String(first + n)))
export const values = (records: readonly LogRecord[]): string[] => records.map(one => one.value)
export const startOf = (topic: Topic): FetchFrom[] =>
  Array.from({ length: topic.partitions }, (_, partition) => ({ partition, offset: 0n }))

/** The next offsets after what was read. */
export const after = (from: readonly FetchFrom[], records: readonly LogRecord[]): FetchFrom[] =>
  from.map(one => ({ ...one, offset: records.findLast(record => record.partition === one.partition)?.offset ?? one.offset - 1n })).map(next)
const next = (one: FetchFrom): FetchFrom => ({ ...one, offset: one.offset + 1n })

/** Everything that is in the topic now, fetched in steps. */
export async function readAll(broker: Broker, topic: Topic, from = startOf(topic), step = limit): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for (;;) {
    const records = await broker.fetch(topic, from, step, 0)
    assert.ok(records.length <= step, `${records.length} records were fetched, ${step} at most were wanted`)
    if (records.length === 0) return all
    all.push(...records)
    from = after(from, records)
  }
}

export function assertContiguous(records: readonly LogRecord[], first = 0n): void {
  for (const [partition, own] of Map.groupBy(records, one => one.partition)) {
    assert.deepEqual(
      own.map(one => one.offset),
      own.map((_, index) => first + BigInt(index)),
      `offsets of partition ${partition}`,
    )
  }
}
