import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../process/clock.ts'
import { keptMs, openSnapshot } from './snapshot.ts'

/** Time that stands still until the test lets it pass; whoever sleeps wakes then. */
function aClock(): Clock & { pass(ms: number): void } {
  let time = 0
  const sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => time,
    sleep: ms => new Promise(wake => void sleepers.push({ at: time + ms, wake: () => wake() })),
    pass(ms) {
      time += ms
      for (const one of sleepers) if (one.at <= time) one.wake()
    },
  }
}

test('whoever asks within the time gets the same figures, and one question was asked', async () => {
  const clock = aClock()
  let asked = 0
  const figures = openSnapshot(async () => ++asked, clock)
  assert.deepEqual(await Promise.all([figures(), figures(), figures()]), [1, 1, 1])
  clock.pass(keptMs - 1)
  assert.equal(await figures(), 1)
  clock.pass(1)
  assert.equal(await figures(), 2)
})

test('what cannot be had is undefined, and not what was had before', async () => {
  const clock = aClock()
  let fails = false
  const figures = openSnapshot(async () => (fails ? Promise.reject(new Error('away')) : 'here'), clock)
  assert.equal(await figures(), 'here')
  fails = true
  clock.pass(keptMs)
  assert.equal(await figures(), undefined)
  fails = false
  clock.pass(keptMs)
  assert.equal(await figures(), 'here')
})

test('who hangs is given up, and not asked a second time beside the first', async () => {
  const clock = aClock()
  const hanging = Promise.withResolvers<string>()
  let asked = 0
  const figures = openSnapshot(() => (asked++, hanging.promise), clock)
  for (const _ of [1, 2, 3]) {
    const waiting = figures()
    clock.pass(keptMs)
    assert.equal(await waiting, undefined)
  }
  assert.equal(asked, 1)
  hanging.resolve('late')
  await hanging.promise
  await new Promise(resolve => setImmediate(resolve))
  const again = figures()
  assert.equal(await again, 'late')
  assert.equal(asked, 2)
})
