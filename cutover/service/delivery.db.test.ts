import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Registry } from 'prom-client'
import { openFakeCourier, openStating } from '../../tests/stating.ts'
import { countLink } from '../../tests/counting.ts'
import { openCapacity } from '../backlog/capacity.ts'
import { openBacklogStore } from '../backlog/postgres.ts'
import type { Database } from '../database/database.ts'
import { systemClock } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { showDelivery } from './delivery-metrics.ts'
import { deliveryRoutes, readDelivery, type DeliveryOptions } from './delivery.ts'
import { openPaces } from './pace.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup() {
  const { database, state } = await openStating()
  open.push(database)
  const backlog = openBacklogStore(database)
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  const carriers = [
    { lane: 'event', link: null },
    { lane: 'http:L-1', link: 'L-1' },
  ]
  const breaker = {
    state: 'open' as const,
    sinceMs: Date.parse('2026-01-01T12:01:00Z'),
    probeAtMs: systemClock.now() + 60_000,
    transitions: { closed: 1, open: 3, 'half-open': 2 },
  }
  const courier = { ...openFakeCourier(database).view(), breaker, trouble: 'ECONNREFUSED', inFlight: 2, left: 7, retriesPutOff: 4 }
  const closed = { state: 'closed' as const, sinceMs: null, probeAtMs: null, transitions: { closed: 0, open: 0, 'half-open': 0 } }
  const lane = { lane: 'http:L-1', holder: false, position: '0', error: 'adding is away', sinceMs: breaker.sinceMs, catchingUp: false }
  const sending: DeliveryOptions['sending'] = {
    lanes: () => [lane],
    courierViews: () => ({ 'L-1': courier }),
    appending: () => ({ breaker: closed, trouble: null }),
    carriers,
    capacity: openCapacity({ store: backlog, carriers, bound: 4, clock: systemClock, log }),
    paces: openPaces(systemClock),
  }
  const options: DeliveryOptions = {
    service: 'counting',
    instance: '1',
    links: [countLink],
    stores: { backlog },
    sending,
    consumers: () => [{ consumer: 'counting.L-9', topic: 't', partitions: [], trouble: 'the log is away', sinceMs: breaker.sinceMs }],
    meters: new Map(),
    clock: systemClock,
  }
  return { database, state, options }
}

test('it says what waits, since when and why, when the next probe is due, and how near the bound is', async () => {
  const { database, state, options } = await setup()
  for (const key of ['a', 'b', 'c', 'd']) await state(key)
  await database.query(
    `insert into http_retry (link, position, fact_id, last_error, attempts, next_at)
     select 'L-1', position, fact_id, '', 6, now() + interval '12 s' from outbox where position = 4`,
  )
  await options.sending.capacity.measure()
  const answer = await readDelivery(options)
  assert.deepEqual(answer.outbox, { depth: 5, bound: 4, level: 'full', disk_percent: null, refused: 0 })
  const lane = answer.lanes.find(one => one.link === 'L-1')
  assert.deepEqual(
    [lane?.facts, lane?.more, lane?.holder, lane?.error, lane?.since],
    [4, false, null, 'adding is away', '2026-01-01T12:01:00.000Z'],
  )
  const [link] = answer.links
  assert.ok(link?.breaker.probe_in_ms !== null && Number(link?.breaker.probe_in_ms) > 50_000)
  assert.ok(Number(link?.next_retry_in_ms) > 10_000 && Number(link?.next_retry_in_ms) <= 12_000)
  assert.deepEqual(
    [link?.breaker.state, link?.breaker.since, link?.breaker.opened, link?.breaker.trouble, link?.retries, link?.attempts, link?.left],
    ['open', '2026-01-01T12:01:00.000Z', 3, 'ECONNREFUSED', 1, 6, 7],
  )
  assert.deepEqual(answer.consumers, [
    { consumer: 'counting.L-9', topic: 't', trouble: 'the log is away', since: '2026-01-01T12:01:00.000Z' },
  ])
})

test('while the database itself is away it says so, and is no fault', async () => {
  const { options } = await setup()
  const waiting = (): Promise<never> => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
  const [route] = deliveryRoutes({ ...options, stores: { backlog: { ...options.stores.backlog, waiting } } })
  await assert.rejects(async () => route?.handle({} as never), { code: 'unavailable', status: 503 })
})

test('the outbox, its bound, the breaker of the log and budgets are read as metrics', async () => {
  const { state, options } = await setup()
  for (const key of ['a', 'b', 'c', 'd']) await state(key)
  await options.sending.capacity.measure()
  assert.throws(() => options.sending.capacity.admit())
  const metrics = new Registry()
  showDelivery(options.sending, metrics)
  await metrics.metrics()
  const lines = (await metrics.metrics()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  assert.deepEqual(lines, [
    'cutover_outbox_depth 4',
    'cutover_outbox_bound 4',
    'cutover_log_breaker_state 0',
    'cutover_outbox_refused_total 1',
    'cutover_retry_budget_exhausted_total{link="L-1"} 4',
  ])
})

test('a lane has a pace from where this process met it, forwards only', () => {
  let nowMs = 0
  const paces = openPaces({ now: () => nowMs, sleep: async () => undefined })
  paces.at('event', 1_000n)
  for (nowMs = 1_000; nowMs <= 10_000; nowMs += 1_000) paces.at('event', 1_000n + BigInt(nowMs / 10))
  paces.at('event', 5n)
  nowMs = 11_000
  assert.equal(paces.rate('event'), 100)
  assert.equal(paces.rate('other'), 0)
})
