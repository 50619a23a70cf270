import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closed, openUntil } from '../../tests/paper-delivery.ts'
import type { BreakerStand } from '../api/delivery.ts'
import type { InstanceDelivery, LaneAnswer } from '../services/delivery-answers.ts'
// With the problems that a wrong answer is.
import '../services/directory.ts'
import { readDelivery } from '../services/delivery-answers.ts'
import { mergeDelivery } from './merge.ts'

const lane = (changes: Partial<LaneAnswer>): LaneAnswer => ({
  lane: 'http:L-1',
  link: 'L-1',
  position: '7',
  holder: null,
  facts: 12,
  more: false,
  oldestMs: 900,
  error: null,
  since: null,
  catchingUp: false,
  rate: 0,
  ...changes,
})

const said = (instance: string, breaker: BreakerStand, own: Partial<LaneAnswer> = {}, depth = 12): InstanceDelivery => ({
  instance,
  outbox: { depth, bound: 100, level: depth >= 80 ? 'warning' : 'normal', diskPercent: null, refused: 1 },
  log: closed,
  lanes: [lane({ lane: 'event', link: null, facts: 0, oldestMs: null }), lane(own)],
  links: [
    {
      link: 'L-1',
      to: 'adding',
      breaker,
      inFlight: 2,
      inFlightMax: 32,
      left: 3,
      retries: 4,
      nextRetryInMs: 50,
      attempts: 2,
      retriesPutOff: 1,
      rate: 1.5,
    },
  ],
  setAside: [{ link: 'L-1', dead: 1, parked: 2 }],
  consumers: [],
})

const merged = (...all: InstanceDelivery[]) =>
  mergeDelivery({ counting: all.map(delivery => ({ url: `http://${delivery.instance}`, delivery })) }, 'now')
const httpLane = (...all: InstanceDelivery[]) => merged(...all).lanes.find(one => one.link === 'L-1')

test('what lies in the database is told once, what each instance does is added up, and the worst breaker is shown', () => {
  const view = merged(said('1', closed), said('2', openUntil(4_000), {}, 85))
  assert.deepEqual(view.services, [
    { service: 'counting', outbox: { depth: 85, bound: 100, level: 'warning', disk_percent: null, refused: 2 }, consumers: [], away: [] },
  ])
  assert.deepEqual(view.set_aside, [{ service: 'counting', link: 'L-1', dead: 1, parked: 2 }])
  const one = view.lanes.find(other => other.link === 'L-1')
  assert.deepEqual(
    [one?.facts, one?.retries, one?.in_flight, one?.in_flight_max, one?.left, one?.rate, one?.retries_put_off, one?.to],
    [12, 4, 4, 64, 6, 3, 2, 'adding'],
  )
  assert.deepEqual(one?.breaker, openUntil(4_000))
  assert.deepEqual(
    one?.breakers.map(({ instance, state }) => [instance, state]),
    [
      ['1', 'closed'],
      ['2', 'open'],
    ],
  )
  assert.equal(view.lanes.find(other => other.link === null)?.breaker.state, 'closed')
})

test('an error counts only while nobody else delivers, and since the earliest', () => {
  const failing = { error: 'adding is away', since: '2026-01-01T00:00:09Z' }
  const earlier = { error: 'adding is away', since: '2026-01-01T00:00:01Z' }
  assert.equal(httpLane(said('1', closed, { ...failing, holder: '2' }), said('2', closed, { holder: '2' }))?.error, null)
  const stuck = httpLane(said('1', closed, failing), said('2', closed, earlier))
  assert.deepEqual([stuck?.error, stuck?.since], ['adding is away', '2026-01-01T00:00:01Z'])
})

test('of two open breakers the earliest opening and the first probe are told', () => {
  const late = { ...openUntil(1_000), since: '2027-01-01T00:00:00Z' }
  const shown = httpLane(said('1', late), said('2', openUntil(9_000)))?.breaker
  assert.deepEqual([shown?.since, shown?.probe_in_ms, shown?.opened], [openUntil(0).since, 1_000, 6])
})

test('a service of which nobody answers is unknown, not empty', () => {
  const view = mergeDelivery({ counting: [{ url: 'http://1', away: 'no answer within 2000 ms' }] }, 'now')
  assert.deepEqual(view, {
    at: 'now',
    services: [{ service: 'counting', outbox: null, consumers: [], away: [{ url: 'http://1', reason: 'no answer within 2000 ms' }] }],
    lanes: [],
    set_aside: [],
  })
})

test('an answer of another shape is refused by its place', () => {
  assert.throws(() => readDelivery({ instance: '1', outbox: { depth: -1 } }), /outbox\/depth must be a whole number from 0/)
})
