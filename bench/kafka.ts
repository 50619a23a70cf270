import { Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka'
import type { Broker, NewRecord, Topic } from '../cutover/broker/broker.ts'
import { openKafkaLog } from '../cutover/broker/kafka/log.ts'
import { durableProducer } from '../cutover/broker/kafka/options.ts'
import { toHeaders } from '../cutover/contract/headers.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { eventLane } from '../cutover/relay/event-lane.ts'
import { runLane } from '../cutover/relay/lane.ts'
import { openRelayStore } from '../cutover/relay/postgres.ts'
import { benchSender } from './append.ts'
import type { Comparison } from './compare.ts'
import { silent, timed } from './consuming.ts'
import { goals } from './goals.ts'
import { event, message, outcome, slices } from './outcomes.ts'
import { librarySql, type Place } from './place.ts'

const count = 20_000
const batch = 500

/** Against the bare client, with the same options, records and batches: what the log's promises cost on Kafka. */
export async function kafkaComparisons(place: Place): Promise<readonly Comparison[]> {
  const brokers = await place.kafka()
  const broker = openKafkaLog({ brokers, name: 'bench', log: silent })
  const bare = await broker.createTopic('bench.bare', event.partitions)
  return [await relayToKafka(place, brokers, broker, bare), await readingOfKafka(brokers, broker)]
}

const records = (): NewRecord[] =>
  Array.from({ length: count }, (_, n) => message(n)).map(one => ({ key: one.orderKey, value: one.bytes, headers: toHeaders(one) }))

async function relayToKafka(place: Place, brokers: readonly string[], broker: Broker, bare: Topic): Promise<Comparison> {
  await broker.createTopic(event.topic, event.partitions)
  const sending = await place.database('kafka_sender', [librarySql])
  const sender = await benchSender(sending)
  const store = openRelayStore(sending)
  const producer = new Producer(durableProducer({ brokers, clientId: 'bare' }))
  let stated = 0

  async function relay(): Promise<void> {
    const stop = new AbortController()
    let left = count
    const counting: Broker = {
      ...broker,
      async append(topic, appended) {
        await broker.append(topic, appended)
        left -= appended.length
        if (left <= 0) stop.abort()
      },
    }
    const rest = (ms: number, signal: AbortSignal): Promise<void> => systemClock.sleep(ms, signal)
    const ports = { store, holder: 'bench', clock: systemClock, random: systemRandom, log: silent, rest, show: () => undefined }
    await runLane(eventLane(event.service, store.published, counting, [event]), ports, stop.signal)
  }

  return {
    title: `relay to Kafka, ${count} facts, acks from all in-sync replicas`,
    ours: {
      name: 'outbox, relay, log',
      async prepare() {
        for (const slice of slices(stated, count)) {
          await sender.transaction(async (_, record) => {
            for (const n of slice) record(event, outcome(n))
          })
        }
        stated += count
      },
      run: () => timed(count, relay),
    },
    others: [
      {
        name: `bare client, the same records in batches of ${batch}`,
        goal: goals.kafkaAgainstClient,
        prepare: () => Promise.resolve(),
        async run() {
          const all = records()
          return timed(count, async () => {
            for (let at = 0; at < count; at += batch) {
              const messages = all.slice(at, at + batch).map(one => ({
                topic: bare.name,
                key: Buffer.from(one.key),
                value: Buffer.from(one.value),
                headers: new Map(Object.entries(one.headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
              }))
              await producer.send({ messages })
            }
          })
        },
      },
    ],
  }
}

async function readingOfKafka(brokers: readonly string[], broker: Broker): Promise<Comparison> {
  const topic = await broker.createTopic('bench.read', event.partitions)
  const all = records()
  for (let at = 0; at < count; at += batch) await broker.append(topic.name, all.slice(at, at + batch))
  let groups = 0

  async function read(): Promise<void> {
    const next = Array.from({ length: topic.partitions }, () => 0n)
    for (let left = count; left > 0;) {
      const from = next.map((offset, partition) => ({ partition, offset }))
      const found = await broker.fetch(topic, from, batch, 1_000)
      for (const { partition, offset } of found) next[partition] = offset + 1n
      left -= found.length
    }
  }

  return {
    title: `reading from Kafka, ${count} records, before anything is done with them`,
    ours: { name: `fetch, ${batch} at a time`, prepare: () => Promise.resolve(), run: () => timed(count, read) },
    others: [
      {
        name: 'stream of the bare client, timed from its first record on',
        goal: goals.kafkaAgainstClient,
        prepare: () => Promise.resolve(),
        async run() {
          const text = (bytes: Buffer | undefined): string => bytes?.toString() ?? ''
          const consumer = new Consumer<string, string, string, string>({
            clientId: 'bare',
            groupId: `bench-${++groups}`,
            bootstrapBrokers: [...brokers],
            deserializers: { key: text, value: text, headerKey: text, headerValue: text },
          })
          const stream = await consumer.consume({ topics: [topic.name], autocommit: false, mode: MessagesStreamModes.EARLIEST })
          const messages = stream[Symbol.asyncIterator]()
          await messages.next()
          const rate = await timed(count - 1, async () => {
            for (let n = 1; n < count; n++) await messages.next()
          })
          await consumer.close(true)
          return rate
        },
      },
    ],
  }
}
