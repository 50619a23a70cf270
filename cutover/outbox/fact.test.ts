import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counted, countLink } from '../../tests/counting.ts'
import type { Route } from '../contract/contract.ts'
import { openRegistry } from '../registry/registry.ts'
import { buildFact, type NewFact } from './fact.ts'

const details = {
  service: 'counting',
  factId: '01890000-0000-7000-8000-000000000001',
  producedAt: '2026-01-01T00:00:00Z',
  revision: null,
}
const fact = (route: Route, shadow: boolean): NewFact => {
  const state = { epoch: 3, seen: 0, links: { 'L-1': { route, shadow } }, versions: {} }
  return buildFact(Counted, { key: 'a', amount: 1, needs: '' }, details, state, [countLink], openRegistry([Counted]))
}

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
