import { type Connection, type ConnectionPool, fetchV13, listOffsetsV7, type RecordsBatch } from '@platformatic/kafka'
import { type FetchFrom, type LogRecord, OffsetOutOfRange, type PartitionBounds, type TopicIdentity } from '../broker.ts'
import { shareLimit } from '../share.ts'
import type { Surplus } from './surplus.ts'
import { batchBytesMax, partitionBytes } from './options.ts'
import { errorCodes, isPassing, whole, type Wire } from './wire.ts'

const sessionless = { id: 0, epoch: -1 }
const readUncommitted = 0
const consumer = -1
const anyEpoch = -1
const [latest, earliest] = [-1n, -2n]
const controlBit = 0x20
const appendTimeBit = 0x08
const attemptsMax = 20
const pauseMs = 100

/** What was found in one partition. */
export interface Found {
  readonly partition: number
  readonly code: number
  /** The end, as far as every reader may read. */
  readonly end: bigint
  readonly records: readonly LogRecord[]
}

/** One request to one broker for partitions that it leads; it holds it for `holdMs` while there is nothing. */
export async function fetchOn(
  wire: Wire,
  broker: number,
  topic: TopicIdentity,
  from: readonly FetchFrom[],
  how: { readonly holdMs: number; readonly bytes: number; readonly pool?: ConnectionPool },
): Promise<readonly Found[]> {
  const leaders = await wire.leaders(topic.name)
  const partitions = from.map(({ partition, offset }) => ({
    partition,
    fetchOffset: offset,
    // Without it a broker that only follows would answer as well, with what it has heard of so far.
    currentLeaderEpoch: leaders.get(partition)?.epoch ?? anyEpoch,
    lastFetchedEpoch: anyEpoch,
    partitionMaxBytes: how.bytes,
  }))
  const { id, epoch } = sessionless
  const topics = [{ topicId: topic.id, partitions }]
  const ask = (connection: Connection): ReturnType<typeof fetchV13.api.async> =>
    whole(fetchV13.api.async(connection, how.holdMs, 1, from.length * how.bytes, readUncommitted, id, epoch, topics, [], ''))
  const answer = await wire.on(broker, ask, how.pool)
  if (answer.errorCode !== 0) throw new Error(`Kafka refuses a fetch from "${topic.name}" (error ${answer.errorCode})`)
  const wanted = new Map(from.map(one => [one.partition, one.offset]))
  return answer.responses.flatMap(one =>
    one.partitions.map(({ partitionIndex: partition, errorCode: code, highWatermark: end, records }) => ({
      partition,
      code,
      end,
      records: code === 0 ? recordsIn(topic, partition, wanted.get(partition) ?? 0n, records ?? []) : [],
    })),
  )
}

/** The records of the batches from `offset` on. Offsets of a batch are contiguous, and so are batches: what is missing is told, not skipped. */
function recordsIn(topic: TopicIdentity, partition: number, offset: bigint, batches: readonly RecordsBatch[]): readonly LogRecord[] {
  let next = offset
  return batches.flatMap(batch => {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    const isControl = (batch.attributes & controlBit) !== 0
    if (batch.firstOffset > next || (!isControl && batch.records.length !== batch.lastOffsetDelta + 1)) {
      throw new Error(`topic "${topic.name}" lacks records that were appended to it; refill it from the outbox of its producer`)
    }
    const from = next
    next = last + 1n
    if (isControl) return []
    return batch.records
      .map(record => ({
        partition,
        offset: batch.firstOffset + BigInt(record.offsetDelta),
        key: textOf(record.key),
        value: textOf(record.value),
        headers: Object.fromEntries(record.headers.map(([name, value]) => [textOf(name), textOf(value)])),
        appendedAt: new Date(
          Number((batch.attributes & appendTimeBit) === 0 ? batch.firstTimestamp + record.timestampDelta : batch.maxTimestamp),
        ),
      }))
      .filter(record => record.offset >= from)
  })
}

const textOf = (bytes: Buffer | null | undefined): string => bytes?.toString('utf8') ?? ''

/**
 * Looks once into every partition that was asked for, and answers with up to `limit` records. `gone`: the topic is not
 * there under its id. A leader that cannot be asked is told only when the others have nothing: what can be read is read.
 */
export async function look(
  wire: Wire,
  topic: TopicIdentity,
  from: readonly FetchFrom[],
  limit: number,
  surplus?: Surplus,
): Promise<readonly LogRecord[] | 'gone'> {
  const here = from.flatMap((one): Found[] => {
    const records = surplus?.at(topic.id, one)
    return records === undefined ? [] : [{ partition: one.partition, code: 0, end: 0n, records }]
  })
  const elsewhere = from.filter(({ partition }) => here.every(one => one.partition !== partition))
  for (let attempt = 1; ; attempt++) {
    const { found, failures } = await lookAtLeaders(wire, topic, elsewhere)
    const outside = found.find(one => one.code === errorCodes.offsetOutOfRange)
    if (outside !== undefined) throw await outOfRange(wire, topic, from, outside.partition)
    const records = share(topic, [...here, ...found], limit, surplus)
    if (records.length > 0) return records
    const troubled = found.filter(one => one.code !== 0)
    if (troubled.length === 0 && failures.length === 0) return []
    wire.forget(topic.name)
    if (troubled.some(one => one.code === errorCodes.unknownTopicId || one.code === errorCodes.unknownTopic)) {
      // A broker that has not heard of the topic yet, or one that has heard of its end.
      const { topics } = await wire.metadata([topic.name])
      if (topics[0]?.errorCode !== 0 || topics[0].topicId !== topic.id) return 'gone'
    }
    const lasting = troubled.find(
      one => !isPassing(one.code) && one.code !== errorCodes.unknownTopicId && one.code !== errorCodes.unknownTopic,
    )
    if (lasting !== undefined)
      throw new Error(`Kafka refuses to read "${topic.name}" partition ${lasting.partition} (error ${lasting.code})`)
    if (attempt >= attemptsMax || (failures.length > 0 && attempt > 1)) {
      throw failures[0] ?? new Error(`Kafka has no leader for "${topic.name}" partition ${troubled[0]?.partition} at the moment`)
    }
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

async function lookAtLeaders(
  wire: Wire,
  topic: TopicIdentity,
  from: readonly FetchFrom[],
): Promise<{ found: readonly Found[]; failures: readonly unknown[] }> {
  if (from.length === 0) return { found: [], failures: [] }
  const leaders = await wire.leaders(topic.name)
  const led = Map.groupBy(from, one => leaders.get(one.partition)?.broker ?? null)
  const nobodys = (led.get(null) ?? []).map(({ partition }) => ({ partition, code: errorCodes.unknownTopic, end: 0n, records: [] }))
  led.delete(null)
  const asked = await Promise.allSettled([...led].map(([broker, own]) => lookAtLeader(wire, broker as number, topic, own)))
  return {
    found: [...asked.flatMap(one => (one.status === 'fulfilled' ? one.value : [])), ...nobodys],
    failures: asked.flatMap(one => (one.status === 'rejected' ? [one.reason as unknown] : [])),
  }
}

async function lookAtLeader(wire: Wire, broker: number, topic: TopicIdentity, from: readonly FetchFrom[]): Promise<readonly Found[]> {
  const found = await fetchOn(wire, broker, topic, from, { holdMs: 0, bytes: partitionBytes })
  // There is something, and it did not fit: alone, a batch always does.
  const unfit = from.filter(({ partition, offset }) =>
    found.some(one => one.partition === partition && one.code === 0 && one.records.length === 0 && one.end > offset),
  )
  const alone = await Promise.all(unfit.map(one => fetchOn(wire, broker, topic, [one], { holdMs: 0, bytes: batchBytesMax })))
  return [...found.filter(one => unfit.every(({ partition }) => partition !== one.partition)), ...alone.flat()]
}

/** Partitions that have records share the limit; what is beyond it is kept. */
function share(topic: TopicIdentity, found: readonly Found[], limit: number, surplus: Surplus | undefined): readonly LogRecord[] {
  const ranges = found.map(({ partition, records }) => ({ partition, records, after: 0n, until: BigInt(records.length) }))
  const shares = shareLimit(ranges, limit).toSorted((a, b) => a.partition - b.partition)
  for (const { partition, records, until } of shares) surplus?.keep(topic.id, partition, records.slice(Number(until)))
  return shares.flatMap(({ records, until }) => records.slice(0, Number(until)))
}

/** Behind the start, or beyond the end of a log that has lost its last records: neither is ever skipped. */
async function outOfRange(wire: Wire, topic: TopicIdentity, from: readonly FetchFrom[], partition: number): Promise<Error> {
  const bounds = (await boundsOf(wire, topic.name, [partition]))?.[0]
  const offset = from.find(one => one.partition === partition)?.offset ?? 0n
  if (bounds === undefined) return new Error(`topic "${topic.name}" partition ${partition} does not tell where it begins`)
  const { start, end } = bounds
  return new OffsetOutOfRange(topic.name, { partition, wanted: offset, start, end, resume: start })
}

/** Where partitions begin and end; undefined when one of them is not there. */
export async function boundsOf(wire: Wire, topic: string, partitions: readonly number[]): Promise<readonly PartitionBounds[] | undefined> {
  for (let attempt = 1; ; attempt++) {
    const [starts, ends] = await Promise.all([
      offsetsOf(wire, topic, partitions, earliest, consumer),
      offsetsOf(wire, topic, partitions, latest, consumer),
    ])
    const bounds = partitions.flatMap(partition => {
      const [start, end] = [starts.get(partition), ends.get(partition)]
      return start === undefined || end === undefined ? [] : [{ partition, start, end }]
    })
    if (bounds.length === partitions.length) return bounds
    wire.forget(topic)
    const { topics } = await wire.metadata([topic])
    if (topics[0]?.errorCode === errorCodes.unknownTopic) return undefined
    if (attempt >= attemptsMax) throw new Error(`Kafka has no leader for all partitions of "${topic}" at the moment`)
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

/** The offsets of those partitions whose leader tells them. As replica `-2` one also sees what has not been acknowledged yet. */
export async function offsetsOf(
  wire: Wire,
  topic: string,
  partitions: readonly number[],
  timestamp: bigint,
  replica: number,
): Promise<ReadonlyMap<number, bigint>> {
  const leaders = await wire.leaders(topic)
  const led = Map.groupBy(
    partitions.filter(partition => leaders.has(partition)),
    partition => leaders.get(partition)?.broker as number,
  )
  const answers = await Promise.all(
    [...led].map(([broker, own]) =>
      wire.on(broker, connection =>
        whole(
          listOffsetsV7.api.async(connection, replica, readUncommitted, [
            { name: topic, partitions: own.map(partitionIndex => ({ partitionIndex, currentLeaderEpoch: anyEpoch, timestamp })) },
          ]),
        ),
      ),
    ),
  )
  return new Map(
    answers
      .flatMap(answer => answer.topics.flatMap(one => one.partitions))
      .filter(one => one.errorCode === 0)
      .map(one => [one.partitionIndex, one.offset]),
  )
}
