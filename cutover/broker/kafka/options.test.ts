import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kOptions, Producer } from '@platformatic/kafka'
import { batchesOf } from './append.ts'
import {
  batchBytes,
  batchBytesMax,
  connectionOptions,
  durableProducer,
  hidingSettings,
  leaderProducer,
  longPollMs,
  partitionBytes,
  recordBytesMax,
  replicas,
  topicSettings,
  touchSettings,
} from './options.ts'

const address = { brokers: ['127.0.0.1:1'], clientId: 'test' }

/** What the client has made of the options that it was given. It connects when it is first used. */
const effective = (options: ReturnType<typeof durableProducer>): Readonly<Record<string, unknown>> =>
  new Producer(options)[kOptions] as unknown as Readonly<Record<string, unknown>>

test('what must not be lost is acknowledged by all in-sync replicas, of which there are two at least', () => {
  const { acks, idempotent } = effective(durableProducer(address))
  assert.deepEqual([acks, idempotent], [-1, true])
  for (const settings of [topicSettings, hidingSettings, touchSettings]) {
    assert.equal(settings['min.insync.replicas'], '2')
    assert.equal(settings['unclean.leader.election.enable'], 'false')
    assert.equal(settings['cleanup.policy'], 'delete')
  }
  assert.equal(replicas, 3)
})

test('a link that may lose the last moments has a producer of its own, which claims no more than it does', () => {
  const { acks, idempotent } = effective(leaderProducer(address))
  assert.deepEqual([acks, idempotent], [1, false])
})

test('neither producer makes a topic, and a new one is asked for rather than named', () => {
  for (const options of [durableProducer(address), leaderProducer(address)]) assert.equal(effective(options)['autocreateTopics'], false)
  const { producerId, producerEpoch } = effective(durableProducer(address))
  assert.deepEqual([producerId, producerEpoch], [-1n, -1])
})

test('retries are few and every request ends, although the client makes them endless for a producer that asks for one or none', () => {
  assert.equal(effective({ ...durableProducer(address), retries: 1 })['retries'], Number.MAX_SAFE_INTEGER)
  for (const options of [durableProducer(address), leaderProducer(address)]) {
    const { retries, timeout, requestTimeout, connectTimeout } = effective(options)
    assert.equal(retries, 2)
    for (const ms of [timeout, requestTimeout, connectTimeout]) assert.ok(Number(ms) > 0 && Number(ms) <= 10_000)
    assert.ok(Number(timeout) < Number(requestTimeout), 'the broker gives up first, so that its answer is known')
  }
  assert.ok(longPollMs < (connectionOptions().requestTimeout ?? 0))
})

test('what is appended in one batch fits into what a fetch takes of a partition, and the longest record into a batch', () => {
  assert.ok(batchBytes < partitionBytes && partitionBytes < batchBytesMax && recordBytesMax < batchBytesMax)
  assert.equal(topicSettings['max.message.bytes'], String(batchBytesMax))
})

const topic = { id: 'id', name: 't', partitions: 3 }

test('records are cut into batches in their order, and one that can never be appended stops all before anything is sent', () => {
  const records = Array.from({ length: 100 }, (_, n) => ({ key: `k${n % 7}`, value: String(n).padEnd(10_000), headers: { a: 'ä' } }))
  const batches = batchesOf(topic, records)
  assert.ok(batches.length > 1)
  assert.deepEqual(
    batches.flat().map(({ value }) => value?.toString()),
    records.map(({ value }) => value),
  )
  for (const batch of batches) {
    for (const own of Map.groupBy(batch, one => one.partition).values())
      assert.ok(own.reduce((sum, one) => sum + (one.value?.length ?? 0), 0) <= batchBytes)
  }
  assert.equal(batchesOf(topic, [{ key: 'k', value: 'x'.repeat(recordBytesMax - 100), headers: {} }]).length, 1)
  assert.throws(
    () => batchesOf(topic, [...records, { key: 'k', value: 'x'.repeat(recordBytesMax), headers: {} }]),
    /cannot be appended to topic "t": 4128768 are the most/,
  )
})
