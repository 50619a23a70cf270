import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratingOf } from './rating.ts'

test('a task that nobody has tried stands at 50', () => {
  assert.equal(ratingOf(0, 0), 50)
})

test('wrong answers raise the rating, right ones lower it, and it stays within 0 to 100', () => {
  assert.equal(ratingOf(1, 1), 67)
  assert.equal(ratingOf(0, 1), 33)
  for (let checks = 0; checks < 500; checks++) {
    for (const failed of [0, checks >> 1, checks]) {
      const rating = ratingOf(failed, checks)
      assert.ok(rating >= 0 && rating <= 100, `${failed} of ${checks}: ${rating}`)
    }
  }
})
