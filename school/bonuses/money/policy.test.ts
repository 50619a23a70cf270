import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountOf } from './policy.ts'

test('a new task is worth 10.00, a wrong solution costs 5.00', () => {
  assert.equal(amountOf({ reason: 'task created', rating: null }, 1), 1_000)
  assert.equal(amountOf({ reason: 'task failed', rating: 70 }, 1), 500)
})

test('a right solution is worth 10.00 times the rating over 50, in whole minor units for every rating', () => {
  assert.equal(amountOf({ reason: 'task completed', rating: 50 }, 1), 1_000)
  assert.equal(amountOf({ reason: 'task completed', rating: 0 }, 1), 0)
  for (let rating = 0; rating <= 100; rating++) assert.equal(amountOf({ reason: 'task completed', rating }, 1), (1_000 * rating) / 50)
})

test('a rating that is missing or out of range is a mistake, never a zero', () => {
  for (const rating of [null, -1, 101, 4.5]) assert.throws(() => amountOf({ reason: 'task completed', rating }, 1), /needs its rating/)
})

test('a version that does not exist is refused', () => {
  assert.throws(() => amountOf({ reason: 'task created', rating: null }, 2), /no policy version 2/)
})
