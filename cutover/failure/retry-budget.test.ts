import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRetryBudget, type RetryBudget } from './retry-budget.ts'

const onClock = (perSecond: number): { budget: RetryBudget; clock: { nowMs: number } } => {
  const clock = { nowMs: 0 }
  return { budget: openRetryBudget({ share: 0.1, perSecond, max: 5 }, { now: () => clock.nowMs, sleep: async () => {} }), clock }
}
const spendAll = (budget: RetryBudget): number => {
  let spent = 0
  while (budget.spend()) spent++
  return spent
}

test('when the calls earn it, a tenth of them may be retries', () => {
  const { budget } = onClock(0)
  assert.equal(spendAll(budget), 5)
  for (let call = 0; call < 31; call++) budget.earn()
  assert.equal(spendAll(budget), 3)
})

test('what is not used is not saved up beyond the maximum', () => {
  const { budget, clock } = onClock(1)
  for (let call = 0; call < 1_000; call++) budget.earn()
  clock.nowMs = 3_600_000
  assert.equal(spendAll(budget), 5)
})

test('without any traffic retries get on by time, and a clock that is set back costs nothing', () => {
  const { budget, clock } = onClock(2)
  spendAll(budget)
  clock.nowMs = 1_500
  assert.equal(spendAll(budget), 3)
  clock.nowMs = 500
  assert.equal(spendAll(budget), 0)
  clock.nowMs = 1_000
  assert.equal(spendAll(budget), 1)
})

test('it counts how often it had nothing left', () => {
  const { budget } = onClock(0)
  assert.deepEqual(budget.view(), { tokens: 5, exhausted: 0 })
  spendAll(budget)
  budget.spend()
  assert.deepEqual(budget.view(), { tokens: 0, exhausted: 2 })
})
