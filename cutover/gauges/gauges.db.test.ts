import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Registry } from 'prom-client'
import { Counted } from '../../tests/counting.ts'
import { link, openTwo, type Two } from '../../tests/draining.ts'
import { systemClock } from '../process/clock.ts'
import { openGauges } from './gauges.ts'
import { openGaugesStore } from './postgres.ts'
import type { GaugesStore } from './store.ts'

interface Watched extends Two {
  /** The series of a gauge, by their labels. A look of its own: none is answered from before. */
  series(name: string): Promise<Record<string, number>>
  read(position: string): void
  broken: boolean
  state: Two['state']
}

async function watched(context: TestContext, side: 'sending' | 'receiving', store?: GaugesStore): Promise<Watched> {
  const two = await openTwo(context)
  const metrics = new Registry()
  let later = 0
  let position = '0'
  let broker = two.broker
  openGauges({
    metrics,
    store: store ?? openGaugesStore(two[side].database),
    broker: new Proxy(two.broker, { get: (_, name) => Reflect.get(broker, name) as unknown }),
    clock: { ...systemClock, now: () => Date.now() + later },
    leaving: side === 'sending' ? [{ link: link.id, called: true }] : [],
    arriving: side === 'receiving' ? [link.id] : [],
    breakers: () => ({ [link.id]: 'half-open', 'L-8': 'open', 'L-9': 'closed' }),
    readings: () => [{ link: link.id, topic: Counted.topic, partitions: [{ partition: 0, position }] }],
  })
  return Object.assign(two, {
    broken: false,
    read: (next: string) => void (position = next),
    async series(this: Watched, name: string) {
      later += 60_000
      broker = this.broken ? (new Proxy({}, { get: () => () => Promise.reject(new Error('away')) }) as Two['broker']) : two.broker
      const found = (await metrics.getMetricsAsJSON()).find(one => one.name === name) ?? assert.fail(name)
      return Object.fromEntries(found.values.map(({ labels, value }) => [Object.values(labels).join(' '), Math.floor(value)]))
    },
  })
}

test('the outbox counts what its lanes have still to carry, by the route of each fact, and how long the oldest has waited', async context => {
  const own = await watched(context, 'sending')
  const { database } = own.sending
  assert.deepEqual(await own.series('cutover_outbox_facts'), { 'L-1': 0 })
  assert.deepEqual(await own.series('cutover_outbox_oldest_seconds'), { 'L-1': 0 })
  await own.state('a')
  await own.state('b')
  await database.query(`update outbox set created_at = now() - interval '90 seconds' where position = 1`)
  assert.deepEqual(await own.series('cutover_outbox_facts'), { 'L-1': 2 })
  const { 'L-1': age = 0 } = await own.series('cutover_outbox_oldest_seconds')
  assert.ok(age >= 90 && age < 200, String(age))
  await own.call()
  assert.deepEqual(await own.series('cutover_outbox_facts'), { 'L-1': 0 })

  await own.flip('event')
  await own.state('c')
  assert.deepEqual(await own.series('cutover_outbox_facts'), { 'L-1': 1 })
  await own.publish()
  assert.deepEqual(await own.series('cutover_outbox_facts'), { 'L-1': 0 })
  assert.deepEqual(await own.series('cutover_outbox_oldest_seconds'), { 'L-1': 0 })
})

test('a delivery that has failed waits in the outbox as well, and its lane may have passed it', async context => {
  const own = await watched(context, 'sending')
  const fact = await own.state('a')
  await own.sending.stores.relay.retryLater(link.id, [{ position: '1', factId: fact, error: 'x' }], 1, 1_000)
  await own.sending.database.query(`insert into relay_lane (lane, position) values ('http:L-1', 1)`)
  assert.deepEqual([await own.series('cutover_retries_waiting'), await own.series('cutover_outbox_facts')], [{ 'L-1': 1 }, { 'L-1': 1 }])
})

test('what is parked and what is dead is counted by link, and a dead letter that was resolved no more', async context => {
  const own = await watched(context, 'receiving')
  assert.deepEqual(
    [await own.series('cutover_parked_messages'), await own.series('cutover_dead_letters_open')],
    [{ 'L-1': 0 }, { 'L-1': 0 }],
  )
  const [waiting, wrong] = [await own.state('a', 'something'), await own.state('b')]
  await own.take('http', await own.message(waiting), { ...(await own.message(wrong)), bytes: '{' })
  assert.deepEqual(
    [await own.series('cutover_parked_messages'), await own.series('cutover_dead_letters_open')],
    [{ 'L-1': 1 }, { 'L-1': 1 }],
  )
  await own.receiving.database.query(`update dead_letter set state = 'resolved'`)
  await own.receiving.database.query(`update parked set parked_at = now() - interval '1 hour'`)
  assert.deepEqual(await own.series('cutover_dead_letters_open'), { 'L-1': 0 })
  assert.ok(((await own.series('cutover_parked_oldest_seconds'))['L-1'] ?? 0) >= 3_600)
})

test('a consumer is as far behind as there are records beyond its position; unknown is not nothing', async context => {
  const own = await watched(context, 'receiving')
  assert.deepEqual(await own.series('cutover_consumer_lag_records'), { 'L-1': 0 })
  await own.flip('event')
  for (const key of ['a', 'b', 'c']) await own.state(key)
  await own.publish()
  own.read('1')
  assert.deepEqual(await own.series('cutover_consumer_lag_records'), { 'L-1': 2 })
  assert.ok('L-1' in (await own.series('cutover_consumer_lag_seconds')))
  own.read('3')
  assert.deepEqual(
    [await own.series('cutover_consumer_lag_records'), await own.series('cutover_consumer_lag_seconds')],
    [{ 'L-1': 0 }, { 'L-1': 0 }],
  )
  own.broken = true
  assert.deepEqual(await own.series('cutover_consumer_lag_records'), {})
})

test('a topic in quarantine is not touched by a scrape', async context => {
  const own = await watched(context, 'receiving')
  await own.flip('event')
  await own.state('a')
  await own.publish()
  await own.broker.quarantineTopic(Counted.topic)
  assert.deepEqual(await own.series('cutover_consumer_lag_records'), {})
  assert.deepEqual(await own.broker.touches(Counted.topic), [])
})

test('a database that is away leaves its series out, says so, and hides neither breakers nor lag', async context => {
  const away = (): Promise<never> => Promise.reject(new Error('away'))
  const own = await watched(context, 'sending', { undelivered: away, kept: away, nowMs: away })
  assert.deepEqual(await own.series('cutover_scrape_ok'), { '': 0 })
  assert.deepEqual([await own.series('cutover_outbox_facts'), await own.series('cutover_clock_offset_seconds')], [{}, {}])
  assert.deepEqual(await own.series('cutover_breaker_state'), { 'L-1': 1, 'L-8': 2, 'L-9': 0 })
  assert.deepEqual(await own.series('cutover_consumer_lag_records'), { 'L-1': 0 })
})
