import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Admin, ConfigResourceTypes, metadataV12, produceV9, Producer, Writer } from '@platformatic/kafka'
import { pino } from 'pino'
import { freshKafka, type Kafka, skipKafka } from '../../../tests/kafka.ts'
import { type Broker, type LogRecord, type NewRecord, type Topic, TopicRetired } from '../broker.ts'
import { brokerConformance } from '../conformance.ts'
import { after, aName, assertContiguous, limit, numbered, readAll, record, startOf, type Subject, values } from '../conformance/subject.ts'
import { batchesOf } from './append.ts'
import { openKafkaLog } from './log.ts'
import { hidingTopic, recordBytesMax, topicSettings, touchTopic } from './options.ts'
import { answeredWith, errorCodes, openWire } from './wire.ts'

const log = pino({ level: 'silent' })
/** Looking again far apart: whoever needs to be woken has to be rung for. */
const pollMs = 600_000

async function subject(): Promise<Subject> {
  const { brokers } = await freshKafka()
  return {
    open: (name = 'test') => openKafkaLog({ brokers, name, log, pollMs }),
    async expire(topic) {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...brokers] })
      // To the end of each partition, as retention does it.
      const partitions = Array.from({ length: topic.partitions }, (_, partition) => ({ partition, offset: -1n }))
      await admin.deleteRecords({ topics: [{ name: topic.name, partitions }] })
      await admin.close()
    },
    dieAppending: (topic, records) => dieAppending(brokers, topic, records),
  }
}

/** The first half of a request to append, and then the connection is gone. */
async function dieAppending(brokers: readonly string[], topic: Topic, records: readonly NewRecord[]): Promise<void> {
  const wire = openWire({ brokers, clientId: 'dies' })
  const leader = (await wire.leaders(topic.name)).get(0)?.broker
  const { brokers: all } = await wire.any(connection => metadataV12.api.async(connection, [], false, false))
  const { host = '', port = 0 } = all.find(one => one.nodeId === leader) ?? {}
  await wire.close()
  const request = Writer.create().appendInt16(0).appendInt16(9).appendInt32(1).appendString('dies', false).appendTaggedFields()
  for (const messages of batchesOf(topic, records)) request.appendFrom(produceV9.createRequest(-1, 1_000, messages as never))
  const bytes = request.prependLength().buffer
  const socket = connect(port, host)
  await once(socket, 'connect')
  socket.write(bytes.subarray(0, bytes.length - 20))
  socket.end()
  socket.resume()
  await once(socket, 'close')
}

const skip = await skipKafka()
if (skip === false) brokerConformance('kafka', subject)

/** A claim of this log alone. */
const claim = (title: string, check: (kafka: Kafka, open: (name?: string) => Broker) => Promise<void>): void => {
  test(`kafka: ${title}`, { skip }, async () => {
    const kafka = await freshKafka()
    const opened: Broker[] = []
    try {
      await check(kafka, (name = 'test') => {
        const broker = openKafkaLog({ brokers: kafka.brokers, name, log })
        opened.push(broker)
        return broker
      })
    } finally {
      await Promise.all(opened.map(broker => broker.close()))
    }
  })
}

const withAdmin = async <Result>({ brokers }: Kafka, work: (admin: Admin) => Promise<Result>): Promise<Result> => {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...brokers] })
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

/** Appends as a relay does: again and again until it has returned, however the log fails meanwhile. */
async function appendAtLast(broker: Broker, topic: Topic, records: readonly NewRecord[]): Promise<void> {
  for (;;) {
    try {
      return await broker.append(topic.name, records)
    } catch {
      // Away: sent again, as nobody knows whether it has happened.
      await setTimeout(50)
    }
  }
}

async function readAtLast(broker: Broker, topic: Topic, wanted: number): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for (let from = startOf(topic); new Set(values(all)).size < wanted;) {
    const records = await broker.fetch(topic, from, limit, 1_000).catch(() => [])
    all.push(...records)
    from = after(from, records)
  }
  return all
}

/** What was acknowledged is there, once or, where an append was repeated, more often, and never before what came before it. */
function assertNothingLost(read: readonly LogRecord[], count: number): void {
  const firsts = [...new Set(values(read))]
  assert.deepEqual(firsts, values(numbered('k', count) as LogRecord[]))
  assertContiguous(read)
}

claim('a topic is made as durable as it must be, and whoever reads it joins no group and commits nothing', async (kafka, open) => {
  const broker = open()
  const topic = await broker.createTopic(aName(), 2)
  await broker.append(topic.name, numbered('k', 3))
  assert.equal((await readAll(broker, topic)).length, 3)
  await withAdmin(kafka, async admin => {
    const { topics } = await admin.metadata({ topics: [topic.name] })
    for (const partition of topics.get(topic.name)?.partitions ?? assert.fail()) assert.equal(partition.replicas.length, 3)
    const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic.name }]
    const configs = new Map((await admin.describeConfigs({ resources }))[0]?.configs.map(one => [one.name, one.value]))
    for (const [name, value] of Object.entries(topicSettings)) assert.equal(configs.get(name), value, name)
    assert.equal((await admin.listGroups()).size, 0)
  })
})

claim('in quarantine the brokers refuse whoever else appends, with acks of the leader too', async (kafka, open) => {
  const broker = open()
  const topic = await broker.createTopic(aName(), 1)
  const stranger = new Producer({ clientId: 'stranger', bootstrapBrokers: [...kafka.brokers], retries: 0 })
  const send = (acks: number): Promise<unknown> =>
    stranger.send({ acks, messages: [{ topic: topic.name, partition: 0, key: Buffer.from('k'), value: Buffer.from('1') }] })
  await send(1)
  await broker.quarantineTopic(topic.name)
  for (const acks of [1, -1]) await assert.rejects(send(acks), (error: unknown) => answeredWith(error, errorCodes.messageTooLarge))
  await broker.restoreTopic(topic.name)
  await send(-1)
  await stranger.close()
  assert.deepEqual(values(await readAll(broker, topic)), ['1', '1'])
})

claim('what a straggler has made under a retired name is used by nobody, and gone when the name is revived', async (kafka, open) => {
  const broker = open()
  const topic = await broker.createTopic(aName(), 1)
  await broker.deleteTopic(topic.name)
  await withAdmin(kafka, admin => admin.createTopics({ topics: [topic.name], partitions: 3, replicas: 3 }))
  assert.equal(await broker.topic(topic.name), undefined)
  await assert.rejects(broker.append(topic.name, numbered('k', 1)), TopicRetired)
  assert.equal((await broker.reviveTopic(topic.name, 1)).partitions, 1)
})

claim('a topic of somebody else that promises less is told, once, with what', async kafka => {
  const lines: string[] = []
  const broker = openKafkaLog({ brokers: kafka.brokers, name: 'test', log: pino({}, { write: line => void lines.push(line) }) })
  const [weak, own] = [aName(), aName()]
  const configs = [{ name: 'cleanup.policy', value: 'compact' }]
  await withAdmin(kafka, admin => admin.createTopics({ topics: [weak], partitions: 1, replicas: 1, configs }))
  for (const name of [weak, weak, own]) await broker.createTopic(name, 1)
  await broker.close()
  const told = lines.map(line => JSON.parse(line) as { topic: string; weak: string[] })
  assert.deepEqual(
    told.map(({ topic, weak: why }) => [topic, why]),
    [[weak, ['1 replicas instead of 3', 'compaction']]],
  )
})

claim("what somebody else writes into our topics is nobody's word, and keeps the log from nobody", async (kafka, open) => {
  const stranger = new Producer({ clientId: 'stranger', bootstrapBrokers: [...kafka.brokers], retries: 0 })
  const topic = await open().createTopic(aName(), 1)
  for (const value of ['no JSON', '{"what": "quarantined"}', 'null', '{}']) {
    for (const name of [hidingTopic, touchTopic]) {
      await stranger.send({ acks: -1, messages: [{ topic: name, partition: 0, key: Buffer.from(topic.name), value: Buffer.from(value) }] })
    }
  }
  await stranger.close()
  const broker = open()
  assert.deepEqual(await broker.topic(topic.name), topic)
  assert.equal((await broker.quarantineTopic(topic.name)).state, 'quarantined')
  assert.deepEqual(await broker.touches(topic.name), [])
})

claim('an append that only the leader has to acknowledge is read as any other', async (_kafka, open) => {
  const broker = open()
  const topic = await broker.createTopic(aName(), 1)
  await broker.append(topic.name, numbered('k', 3), 'leader')
  await broker.append(topic.name, numbered('k', 1, 3))
  assert.deepEqual(values(await readAll(broker, topic)), ['0', '1', '2', '3'])
})

claim('a record that can never be appended is refused with its length, and the topic goes on', async (_kafka, open) => {
  const broker = open()
  const topic = await broker.createTopic(aName(), 1)
  const long = (length: number): NewRecord => ({ key: 'k', value: 'x'.repeat(length), headers: {} })
  await assert.rejects(broker.append(topic.name, [record('k', 'first'), long(recordBytesMax)]), RangeError)
  await broker.append(topic.name, [long(recordBytesMax - 100), record('k', 'next')])
  assert.deepEqual(
    (await readAll(broker, topic)).map(one => one.value.length),
    [recordBytesMax - 100, 4],
  )
})

claim('through the loss of one broker, of two and of all of them, nothing that was acknowledged is lost', async (kafka, open) => {
  const broker = open()
  const topic = await broker.createTopic(aName(), 1)
  const reading = readAtLast(open('reader'), topic, 60)
  for (let n = 0; n < 60; n++) {
    if (n === 20) await kafka.kill(await leaderOf(kafka, topic))
    await appendAtLast(broker, topic, numbered('k', 1, n))
  }
  assertNothingLost(await reading, 60)
  // The one that is left leads, and may not acknowledge alone.
  const second = await leaderOf(kafka, topic)
  await Promise.all([1, 2, 3].filter(one => one !== second).map(one => kafka.kill(one)))
  await assert.rejects(
    broker.append(topic.name, numbered('k', 1, 60)),
    /Kafka has not acknowledged an append to "conformance\.topic-\d+-\d+": \w/,
  )
  await kafka.kill(second)
  await assert.rejects(broker.append(topic.name, numbered('k', 1, 60)))
  await Promise.all([1, 2, 3].map(one => kafka.start(one)))
  await appendAtLast(broker, topic, numbered('k', 1, 60))
  assertNothingLost(await readAtLast(broker, topic, 61), 61)
})

async function leaderOf({ brokers }: Kafka, topic: Topic): Promise<number> {
  const wire = openWire({ brokers, clientId: 'asks' })
  const leader = (await wire.leaders(topic.name)).get(0)?.broker
  await wire.close()
  return leader ?? assert.fail()
}
