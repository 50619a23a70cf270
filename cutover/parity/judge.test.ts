import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absentMs, judgePair, lateMs, type Pair } from './judge.ts'

const booked = { amount: 1_000, rating: 50, creator_id: 'm1' }
const pair = (change: Partial<Pair>): Pair => ({
  acted: 'done',
  actedMs: 1_000,
  recordedMs: 1_200,
  decision: { do: 'apply', effect: booked },
  found: booked,
  nowMs: 2_000,
  ...change,
})
const verdictOf = (change: Partial<Pair>): string | undefined => judgePair(pair(change))?.verdict

test('the same effect by both routes is equal, also when one came as text', () => {
  assert.equal(verdictOf({}), 'equal')
  assert.equal(verdictOf({ found: { ...booked, amount: '1000' } }), 'equal')
  assert.equal(verdictOf({ acted: 'duplicate' }), 'equal')
})

test('another amount is different, and both are shown', () => {
  const judged = judgePair(pair({ found: { ...booked, amount: 1_020 } }))
  assert.deepEqual(judged, { verdict: 'different', byHttp: { ...booked, amount: 1_020 }, byEvent: booked })
})

test('a column that only one side has is different, unless it is empty', () => {
  assert.equal(verdictOf({ found: { ...booked, candidate_id: 'c1' } }), 'different')
  assert.equal(verdictOf({ found: { ...booked, candidate_id: null } }), 'equal')
})

test('the same refusal is equal; a refusal beside an effect is different', () => {
  assert.equal(verdictOf({ acted: 'rejected self_dealing', decision: { do: 'reject', rule: 'self_dealing' } }), 'equal')
  assert.equal(verdictOf({ acted: 'rejected self_dealing' }), 'different')
  assert.equal(verdictOf({ decision: { do: 'reject', rule: 'self_dealing' } }), 'different')
})

test('an effect that HTTP says it had and nobody finds is different', () => {
  assert.deepEqual(judgePair(pair({ found: null })), { verdict: 'different', byHttp: null, byEvent: booked })
})

test('nothing is said too early: not before HTTP has acted, nor while the event still waits', () => {
  assert.equal(verdictOf({ acted: null, actedMs: null }), undefined)
  assert.equal(verdictOf({ decision: { do: 'wait', for: 'rating:f1' } }), undefined)
})

test('in the end it is said: extra without HTTP, different while the event waits for ever', () => {
  const nowMs = 1_200 + absentMs
  assert.equal(verdictOf({ acted: null, actedMs: null, found: null, nowMs }), 'extra')
  const judged = judgePair(pair({ decision: { do: 'wait', for: 'rating:f1' }, nowMs }))
  assert.deepEqual([judged?.verdict, judged?.byEvent], ['different', { waits_for: 'rating:f1' }])
})

test('an equal pair of which one side came long after the other is late', () => {
  assert.equal(verdictOf({ recordedMs: 1_000 + lateMs + 1 }), 'late')
  assert.equal(verdictOf({ actedMs: 1_200 + lateMs + 1 }), 'late')
  assert.equal(verdictOf({ recordedMs: 1_000 + lateMs }), 'equal')
})

test('a message that cannot be read is different, with the reason', () => {
  const judged = judgePair(pair({ decision: { do: 'fail', why: 'not JSON' } }))
  assert.deepEqual([judged?.verdict, judged?.byEvent], ['different', { unreadable: 'not JSON' }])
})
