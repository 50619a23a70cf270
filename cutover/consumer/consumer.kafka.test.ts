import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Admin } from '@platformatic/kafka'
import { aFact, Counted, countingDatabase, countLink, effectsIn, openAdding, tracesIn } from '../../tests/counting.ts'
import { freshKafka, type Kafka, skipKafka } from '../../tests/kafka.ts'
import { type Broker, partitionOf, type Topic } from '../broker/broker.ts'
import { openKafkaLog } from '../broker/kafka/log.ts'
import { toHeaders } from '../contract/headers.ts'
import type { Message } from '../contract/message.ts'
import type { Database } from '../database/database.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openReceiveStore } from '../receive/postgres.ts'
import { openReceiver } from '../receive/receiver.ts'
import { openRegistry } from '../registry/registry.ts'
import { runConsumer } from './consumer.ts'
import type { ConsumerStatus } from './status.ts'
import { openConsumerStore } from './postgres.ts'
import { openShares } from './shares.ts'

// The consumer is the same on every log; what only this log can do to it is tried here, on real brokers.
const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const skip = await skipKafka()
const partitions = 2
const open: { close(): Promise<void> }[] = []
after(async () => {
  await Promise.all(open.map(one => one.close()))
})

interface Consuming {
  readonly kafka: Kafka
  readonly database: Database
  readonly broker: Broker
  topic(): Promise<Topic>
  /** Until it has been appended, as a relay does it. */
  publish(messages: readonly Message[]): Promise<void>
  /** One instance, which looks its topic up anew whenever it is told that it is gone; ends when `enough` says so, or `stop` aborts. */
  consume(holder: string, enough: (status: ConsumerStatus) => boolean, stop?: AbortController): Promise<void>
}

async function setup(): Promise<Consuming> {
  const kafka = await freshKafka()
  const database = await countingDatabase()
  const broker = openKafkaLog({ brokers: kafka.brokers, name: 'test', log })
  open.push(database, broker)
  // One name for all tests of this file: each time it is another topic.
  await broker.deleteTopic(Counted.topic)
  await broker.reviveTopic(Counted.topic, partitions)
  const receiver = openReceiver(countLink, openAdding().handler, openRegistry([Counted]), openReceiveStore(database))
  const store = openConsumerStore(database)
  const topic = async (): Promise<Topic> => (await broker.topic(Counted.topic)) ?? assert.fail()
  return {
    kafka,
    database,
    broker,
    topic,
    async publish(messages) {
      const records = messages.map(message => ({ key: message.orderKey, value: message.bytes, headers: toHeaders(message) }))
      for (;;) {
        try {
          return await broker.append(Counted.topic, records)
        } catch {
          // Away: sent again, as nobody knows whether it has happened.
          await systemClock.sleep(50)
        }
      }
    },
    async consume(holder, enough, stop = new AbortController()) {
      while (!stop.signal.aborted) {
        const found = await broker.topic(Counted.topic).catch(() => undefined)
        if (found === undefined) {
          await systemClock.sleep(50)
          continue
        }
        const share = { consumer: 'adding.L-1', topicId: found.id, holder }
        const shares = openShares(store, share, found.partitions)
        const show = (status: ConsumerStatus): void => {
          if (enough(status)) stop.abort()
        }
        const ports = { broker, store, shares, clock: systemClock, random: systemRandom, log }
        await runConsumer({ ...ports, topic: Counted.topic, receiver, show, received: () => undefined }, stop.signal)
      }
    },
  }
}

const keysOf = (partition: number, count: number): string[] =>
  Array.from({ length: 1_000 }, (_, n) => `k${n}`)
    .filter(key => partitionOf(key, partitions) === partition)
    .slice(0, count)
const standsAt = (status: ConsumerStatus, partition: number): number =>
  Number(status.partitions.find(one => one.partition === partition)?.position ?? -1)
const effectsOf = (keys: readonly string[]): string[] => keys.map(key => `${key}:1`).toSorted()

test('a position that retention has overtaken stops its partition and is told, and the others go on', { skip }, async () => {
  const { kafka, database, publish, consume } = await setup()
  const [stopped, goesOn] = [keysOf(0, 6), keysOf(1, 4)]
  await publish([...stopped.slice(0, 3), ...goesOn.slice(0, 2)].map(key => aFact(key)))
  await consume('one', status => standsAt(status, 0) === 3 && standsAt(status, 1) === 2)
  await publish(stopped.slice(3).map(key => aFact(key)))
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.brokers] })
  await admin.deleteRecords({ topics: [{ name: Counted.topic, partitions: [{ partition: 0, offset: 5n }] }] })
  await admin.close()
  await publish(goesOn.slice(2).map(key => aFact(key)))
  let told = ''
  await consume('one', status => {
    if (status.trouble !== null) told = status.trouble
    assert.ok(standsAt(status, 0) <= 3, 'the position is never moved past what is gone')
    return told !== '' && standsAt(status, 1) === 4
  })
  assert.match(told, /^data_gap: the log lacks what 1 of its partitions need/)
  assert.deepEqual((await effectsIn(database)).toSorted(), effectsOf([...stopped.slice(0, 3), ...goesOn]))
})

test('a topic that was deleted and made again is read from its start, and what comes twice is done once', { skip }, async () => {
  const { database, broker, topic, publish, consume } = await setup()
  const keys = keysOf(0, 5)
  const facts = keys.map(key => aFact(key))
  const stop = new AbortController()
  let seen = -1
  const consuming = consume(
    'one',
    status => {
      seen = standsAt(status, 0)
      return false
    },
    stop,
  )
  await publish(facts.slice(0, 3))
  while (seen < 3) await systemClock.sleep(20)
  const old = await topic()
  await broker.deleteTopic(Counted.topic)
  await broker.reviveTopic(Counted.topic, partitions)
  assert.notEqual((await topic()).id, old.id)
  // All of them again, as whoever refills an empty topic does.
  await publish(facts)
  while (seen < 5) await systemClock.sleep(20)
  stop.abort()
  await consuming
  assert.deepEqual((await effectsIn(database)).toSorted(), effectsOf(keys))
  assert.deepEqual((await tracesIn(database)).dead, [])
})

test('instances come and go and a broker is killed and comes back: the exact set, once each', { skip }, async () => {
  const { kafka, database, publish, consume } = await setup()
  const keys = Array.from({ length: 120 }, (_, n) => `fact-${n}`)
  const stops = new Map<string, AbortController>()
  const running: Promise<void>[] = []
  const start = (holder: string): void => {
    const stop = new AbortController()
    stops.set(holder, stop)
    running.push(consume(holder, () => false, stop))
  }
  start('one')
  for (const [n, key] of keys.entries()) {
    if (n === 20) start('two')
    if (n === 40) await kafka.kill(1)
    if (n === 60) stops.get('one')?.abort()
    if (n === 80) await kafka.start(1)
    if (n === 90) start('three')
    await publish([aFact(key)])
  }
  while ((await effectsIn(database)).length < keys.length) await systemClock.sleep(50)
  for (const stop of stops.values()) stop.abort()
  await Promise.all(running)
  assert.deepEqual((await effectsIn(database)).toSorted(), effectsOf(keys))
  const { dead, receipts } = await tracesIn(database)
  assert.deepEqual([dead, receipts.every(outcome => outcome === 'done' || outcome === 'duplicate')], [[], true])
})
