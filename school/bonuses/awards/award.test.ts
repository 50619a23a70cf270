import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Award, decideAward, type Known } from './award.ts'

const anAward = (changes: Partial<Award> = {}): Award => ({
  businessKey: 'TaskCompleted:t1:c1',
  factId: 'f1',
  reason: 'task completed',
  taskId: 't1',
  candidateId: 'c1',
  creatorId: 'm1',
  ...changes,
})
const known: Known = {
  accounts: new Map([
    ['m1', { id: 'a1', isNew: false, balance: 0 }],
    ['m2', { id: 'a2', isNew: true, balance: 0 }],
  ]),
  fundBalance: 0,
  ratings: new Map([['f1', 67]]),
  waitsFor: { manager: id => `manager ${id}`, rating: (outcome, task) => `rating of ${outcome} and ${task}` },
}

test('a right solution credits the author by the rating of that very outcome', () => {
  const decision = decideAward(anAward(), known)
  assert.ok(decision.do === 'apply')
  assert.deepEqual(
    [decision.effect.debit, decision.effect.credit, decision.effect.amount, decision.effect.rating],
    ['bonus-fund', 'a1', 1_340, 67],
  )
})

test('a wrong solution debits the author and needs no rating', () => {
  const decision = decideAward(anAward({ reason: 'task failed', factId: 'f2' }), known)
  assert.ok(decision.do === 'apply')
  assert.deepEqual(
    [decision.effect.debit, decision.effect.credit, decision.effect.amount, decision.effect.rating],
    ['a1', 'bonus-fund', 500, null],
  )
})

test('an unknown manager and a rating that has not arrived are waited for, never guessed', () => {
  assert.deepEqual(decideAward(anAward({ creatorId: 'm9' }), known), { do: 'wait', for: 'manager m9' })
  assert.deepEqual(decideAward(anAward({ factId: 'f9' }), known), { do: 'wait', for: 'rating of f9 and t1' })
})

test('nobody is paid for solving their own task', () => {
  assert.deepEqual(decideAward(anAward({ candidateId: 'm1' }), known), { do: 'reject', rule: 'self_dealing' })
})

test('an account is opened by a booking on it, and only where there was none', () => {
  const opens = (creatorId: string): string | undefined => {
    const decision = decideAward(anAward({ creatorId }), known)
    assert.ok(decision.do === 'apply')
    return decision.effect.opens
  }
  assert.deepEqual([opens('m1'), opens('m2')], [undefined, 'a2'])
})

test('a booking beyond what a balance may be is refused for ever, and one that leads back is not', () => {
  const full = { ...known, accounts: new Map([['m1', { id: 'a1', isNew: false, balance: Number.MAX_SAFE_INTEGER - 1_000 }]]) }
  assert.deepEqual(decideAward(anAward(), full), { do: 'reject', rule: 'amount_range' })
  assert.equal(decideAward(anAward({ reason: 'task failed' }), full).do, 'apply')
  assert.deepEqual(decideAward(anAward(), { ...known, fundBalance: 1_000 - Number.MAX_SAFE_INTEGER }), {
    do: 'reject',
    rule: 'amount_range',
  })
})
