import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counted, countLink } from '../../tests/counting.ts'
import type { Route } from '../contract/contract.ts'
import { openRegistry } from '../registry/registry.ts'
import { type Able, buildFact, type NewFact } from './fact.ts'

const details = {
  service: 'counting',
  factId: '01890000-0000-7000-8000-000000000001',
  producedAt: '2026-01-01T00:00:00Z',
  revision: null,
}
const registry = openRegistry([Counted])
const fact = (route: Route, shadow: boolean, share = 100, key = 'a', able?: Able): NewFact => {
  const state = { epoch: 3, seen: 0, links: { 'L-1': { route, share, shadow } }, versions: {} }
  return buildFact(Counted, { key, amount: 1, needs: '' }, details, state, [countLink], registry, able)
}
const keys = Array.from({ length: 1_000 }, (_, at) => `k${at}`)
/** The keys that the event carries. */
const byEvent = (route: Route, share: number): string[] =>
  keys.filter(key => fact(route, true, share, key).stamps['L-1']?.route === 'event')

test('the stamp says what the switch says, once', () => {
  assert.deepEqual(fact('http', false).stamps, { 'L-1': { route: 'http', epoch: 3 } })
  assert.deepEqual(fact('event', false).stamps, { 'L-1': { route: 'event', epoch: 3 } })
  assert.deepEqual([fact('http', false).publish, fact('event', false).publish], [false, true])
})

test('an event is a shadow only while http has the authority', () => {
  assert.deepEqual(fact('http', true).stamps, { 'L-1': { route: 'http', epoch: 3, shadow: true } })
  assert.deepEqual(fact('event', true).stamps, { 'L-1': { route: 'event', epoch: 3 } })
  assert.equal(fact('http', true).publish, true)
})

test('a share of the keys goes by the route, the rest by the other', () => {
  const five = byEvent('event', 5)
  assert.ok(five.length > 0 && five.length < 100, `${five.length}`)
  assert.deepEqual([byEvent('event', 100), byEvent('http', 100)], [keys, []])
  const rest = byEvent('http', 5)
  assert.deepEqual(rest.toSorted(), keys.filter(key => !five.includes(key)).toSorted())
})

test('a key always goes the same way, and a larger share only moves keys to the route', () => {
  let before: readonly string[] = []
  for (const share of [1, 2, 5, 25, 50, 99, 100]) {
    const now = byEvent('event', share)
    assert.deepEqual(byEvent('event', share), now)
    assert.deepEqual(
      before.filter(key => !now.includes(key)),
      [],
      `${share}`,
    )
    before = now
  }
})

test("the stamp of either side is whole: the rest by http is in shadow, what the event carries is nobody's shadow", () => {
  const five = byEvent('event', 5)
  const [carried = ''] = five
  const rest = keys.find(key => !five.includes(key)) ?? ''
  assert.deepEqual(fact('event', true, 5, carried).stamps, { 'L-1': { route: 'event', epoch: 3 } })
  assert.deepEqual(fact('event', true, 5, rest).stamps, { 'L-1': { route: 'http', epoch: 3, shadow: true } })
  assert.equal(fact('event', false, 5, rest).publish, false)
})

test('who cannot produce states only what goes by http', () => {
  const calls: Able = ability => ability === 'call'
  const carried = new Set(byEvent('event', 25))
  for (const key of keys.slice(0, 100)) {
    const state = (): NewFact => fact('event', true, 25, key, calls)
    if (carried.has(key)) assert.throws(state, { code: 'capability_missing' })
    else assert.equal(state().stamps['L-1']?.route, 'http')
  }
})
