import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { Counted, countLink } from '../../tests/counting.ts'
import type { Broker, NewRecord } from '../broker/broker.ts'
import { openBreaker } from '../failure/breaker.ts'
import { systemClock } from '../process/clock.ts'
import { openRegistry } from '../registry/registry.ts'
import { openMeters } from './meter.ts'
import { observedBreaker, observedLog, observedRegistry } from './observed.ts'

function counting() {
  const metrics = new Registry()
  const meters = openMeters([countLink], systemClock, metrics)
  return {
    meters,
    async series(name: string): Promise<Record<string, number>> {
      const found = (await metrics.getMetricsAsJSON()).find(one => one.name === name) ?? assert.fail(name)
      const counts = found.values.filter(one => !/_(bucket|sum)$/.test((one as { metricName?: string }).metricName ?? ''))
      return Object.fromEntries(counts.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
    },
  }
}

test('a breaker is counted at each turn, and at none of its other answers', async () => {
  const { meters, series } = counting()
  let now = 0
  const breaker = observedBreaker(
    openBreaker({ failuresMax: 2, firstMs: 100, maxMs: 100 }, { ...systemClock, now: () => now }, { next: () => 0.5, uuid: () => '' }),
    'L-1',
    meters,
  )
  const fail = (): void => {
    breaker.enter()?.failed()
  }
  fail()
  assert.deepEqual(await series('cutover_breaker_transitions_total'), {})
  fail()
  fail()
  assert.deepEqual(await series('cutover_breaker_transitions_total'), { 'L-1 open': 1 })
  now += 1_000
  fail()
  now += 1_000
  const leave = breaker.enter()
  assert.ok(leave !== undefined)
  leave.succeeded()
  assert.deepEqual(await series('cutover_breaker_transitions_total'), { 'L-1 open': 2, 'L-1 half-open': 2, 'L-1 closed': 1 })
})

test('an append is counted for each link whose route is the event, whatever else the fact carries; one that fails is away', async () => {
  const { meters, series } = counting()
  const record = (stamps: object): NewRecord => ({ key: 'a', value: '{}', headers: { 'cutover-stamps': JSON.stringify(stamps) } })
  let down = false
  const appended: (readonly NewRecord[])[] = []
  const bare = {
    async append(_: string, records: readonly NewRecord[]) {
      if (down) throw new Error('away')
      appended.push(records)
    },
    topics: async () => [],
  } as unknown as Broker
  const log = observedLog(bare, { events: [Counted], system: 'cutover_pglog', meters })
  const some = [
    record({ 'L-1': { route: 'event', epoch: 1 }, 'L-2': { route: 'http', epoch: 1, shadow: true } }),
    record({ 'L-1': { route: 'event', epoch: 1 } }),
    record({}),
  ]
  await log.append(Counted.topic, some)
  // Nobody records spans: what is appended is what came.
  assert.equal(appended[0], some)
  down = true
  await assert.rejects(log.append(Counted.topic, some.slice(1)), /away/)
  assert.deepEqual(await series('cutover_deliveries_total'), { 'L-1 event done': 2, 'L-1 event away': 1 })
  assert.deepEqual(await series('cutover_relay_batch_facts'), { [Counted.name]: 1 })
  assert.deepEqual(await log.topics(), [])
})

test('a refusal is counted by what is known of its event; a stranger’s words make no series', async () => {
  const { meters, series } = counting()
  const registry = observedRegistry(openRegistry([Counted]), 'receive', meters)
  registry.invalid({}, 'Counted', 0)
  registry.invalid({}, 'Counted', 999)
  registry.invalid({}, 'Ada Lovelace', 7)
  registry.outOfBounds({}, 'Counted')
  assert.deepEqual(await series('cutover_schema_refusals_total'), {
    'Counted 0 receive': 1,
    'Counted unknown receive': 1,
    'unknown unknown receive': 1,
    'Counted any receive': 1,
  })
})
