import { type MessageToProduce, Producer } from '@platformatic/kafka'
import { type Ack, type NewRecord, partitionOf, type Topic } from '../broker.ts'
import { batchBytes, durableProducer, type KafkaAddress, leaderProducer, recordBytesMax } from './options.ts'

/** What a record costs in a batch besides its key, value and headers, at the most. */
const frameBytes = 64

/** Appends, one producer for each kind of acknowledgement. */
export interface Appender {
  /**
   * Each record to the partition of its key, in the given order; answers with the offset of the last first record of a
   * batch. Throws what the client throws, and then some may be appended.
   */
  append(topic: Topic, records: readonly NewRecord[], ack?: Ack): Promise<bigint>
  close(): Promise<void>
}

export function openAppender(address: KafkaAddress): Appender {
  const producers = new Map<Ack, Producer>()
  /** By topic, the append that is under way: the next one begins after it, so that none overtakes another. */
  const tails = new Map<string, Promise<void>>()
  let closed = false

  function producerOf(ack: Ack): Producer {
    if (closed) throw new Error('the log was closed by this process')
    let producer = producers.get(ack)
    if (producer === undefined) {
      producer = new Producer(ack === 'all' ? durableProducer(address) : leaderProducer(address))
      // What fails fails the append that waits for it; a second word about it must not end the process.
      producer.connections.on('connecting', ({ connection }) => void connection.on('error', () => undefined))
      producers.set(ack, producer)
    }
    return producer
  }

  return {
    async append(topic, records, ack = 'all') {
      const batches = batchesOf(topic, records)
      const before = tails.get(topic.id) ?? Promise.resolve()
      const own = before.then(async () => {
        let offset = 0n
        for (const messages of batches) offset = (await producerOf(ack).send({ messages })).offsets?.at(-1)?.offset ?? offset
        return offset
      })
      const tail = own.then(
        () => undefined,
        () => undefined,
      )
      tails.set(topic.id, tail)
      try {
        return await own
      } finally {
        if (tails.get(topic.id) === tail) tails.delete(topic.id)
      }
    },
    async close() {
      closed = true
      await Promise.all([...producers.values()].map(producer => producer.close()))
    },
  }
}

/**
 * The records in requests, in each of which no partition has more than `batchBytes`, or one record alone. Throws before
 * anything is sent when one of them can never be appended.
 */
export function batchesOf(topic: Topic, records: readonly NewRecord[]): MessageToProduce[][] {
  const batches: MessageToProduce[][] = [[]]
  let sizes = new Map<number, number>()
  for (const record of records) {
    const message = messageOf(topic, record)
    const partition = message.partition ?? 0
    const bytes = sizeOf(message)
    if (bytes > recordBytesMax) {
      throw new RangeError(`a record of ${bytes} bytes cannot be appended to topic "${topic.name}": ${recordBytesMax} are the most`)
    }
    const size = sizes.get(partition) ?? 0
    if (size > 0 && size + bytes > batchBytes) {
      batches.push([])
      sizes = new Map()
    }
    sizes.set(partition, (sizes.get(partition) ?? 0) + bytes)
    batches.at(-1)?.push(message)
  }
  return batches
}

const messageOf = (topic: Topic, { key, value, headers }: NewRecord): MessageToProduce => ({
  topic: topic.name,
  partition: partitionOf(key, topic.partitions),
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
})

const sizeOf = ({ key, value, headers }: MessageToProduce): number =>
  frameBytes +
  (key?.length ?? 0) +
  (value?.length ?? 0) +
  [...((headers as Map<Buffer, Buffer> | undefined) ?? [])].reduce((sum, [name, text]) => sum + name.length + text.length + 10, 0)
