import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fullJitter } from './backoff.ts'

const always = (value: number): { next: () => number; uuid: () => string } => ({ next: () => value, uuid: () => '' })
const almostOne = 1 - Number.EPSILON

test('a wait is never negative and never beyond the cap, whatever the attempt', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 1, max: 600_000 }),
      fc.double({ min: 0, max: almostOne, noNaN: true }),
      (attempt, firstMs, maxMs, chance) => {
        const wait = fullJitter(attempt, { firstMs, maxMs }, always(chance))
        assert.ok(wait >= 0 && wait <= maxMs)
      },
    ),
  )
})

test('the longest wait doubles with every attempt until the cap', () => {
  const longest = [0, 1, 2, 3, 4].map(attempt => Math.round(fullJitter(attempt, { firstMs: 100, maxMs: 1_000 }, always(almostOne))))
  assert.deepEqual(longest, [100, 200, 400, 800, 1_000])
})

test('all of it is random, so that those who failed together do not return together', () => {
  assert.equal(fullJitter(3, { firstMs: 100, maxMs: 10_000 }, always(0)), 0)
  assert.equal(fullJitter(3, { firstMs: 100, maxMs: 10_000 }, always(0.5)), 400)
})
