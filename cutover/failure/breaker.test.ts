import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allows, begun, type BreakerState, closed, failed, openBreaker } from './breaker.ts'

const options = { failuresMax: 3, firstMs: 200, maxMs: 10_000 }
const chance = (value: number): { next: () => number; uuid: () => string } => ({ next: () => value, uuid: () => '' })
const failing = (times: number, state: BreakerState = closed, nowMs = 0): BreakerState =>
  Array.from({ length: times }).reduce<BreakerState>(one => failed(one, options, nowMs, chance(0.5)), state)

/** A breaker on a clock that stands still until it is set. */
const onClock = (): { breaker: ReturnType<typeof openBreaker>; clock: { nowMs: number } } => {
  const clock = { nowMs: 0 }
  const breaker = openBreaker(options, { now: () => clock.nowMs, sleep: async () => {} }, chance(0.5))
  return { breaker, clock }
}

test('it opens at the third failure in a row, not at the second', () => {
  assert.equal(failing(2).is, 'closed')
  assert.equal(failing(3).is, 'open')
})

test('a success in between starts the count anew', () => {
  const { breaker } = onClock()
  for (const _ of [1, 2, 3, 4]) {
    breaker.failed()
    breaker.failed()
    breaker.succeeded()
  }
  assert.equal(breaker.state().is, 'closed')
})

test('while it is open nothing is let through before its time, and one probe after it', () => {
  const { breaker, clock } = onClock()
  for (const _ of [1, 2, 3]) breaker.failed()
  assert.equal(breaker.enter(), false)
  clock.nowMs = 200
  assert.equal(breaker.willing(), true)
  assert.equal(breaker.enter(), true, 'the probe')
  assert.equal(breaker.willing(), false)
  assert.equal(breaker.enter(), false, 'a second one beside the probe')
})

test('a probe that succeeds closes it, one that fails opens it for longer', () => {
  const { breaker, clock } = onClock()
  for (const _ of [1, 2, 3]) breaker.failed()
  const waits: number[] = []
  for (const _ of [1, 2, 3]) {
    const state = breaker.state()
    assert.equal(state.is, 'open')
    if (state.is !== 'open') return
    waits.push(state.until - clock.nowMs)
    clock.nowMs = state.until
    assert.ok(breaker.enter())
    breaker.failed()
  }
  assert.deepEqual(waits, [150, 300, 600])
  const last = breaker.state()
  clock.nowMs = last.is === 'open' ? last.until : 0
  assert.ok(breaker.enter())
  breaker.succeeded()
  assert.deepEqual(breaker.state(), closed)
})

test('a call that began before the opening does not close it by succeeding late', () => {
  const { breaker } = onClock()
  assert.ok(breaker.enter())
  for (const _ of [1, 2, 3]) breaker.failed()
  breaker.succeeded()
  assert.equal(breaker.state().is, 'open')
})

test('whatever happens, the wait has a cap, half of it is certain, and no more than one probe is out', () => {
  type Step = 'enter' | 'succeed' | 'fail'
  const steps = fc.array(
    fc.record({
      do: fc.constantFrom<Step>('enter', 'succeed', 'fail'),
      afterMs: fc.nat(20_000),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, run => {
      let state: BreakerState = closed
      let nowMs = 0
      for (const step of run) {
        nowMs += step.afterMs
        const before = state
        if (step.do === 'enter' && allows(state, nowMs)) state = begun(state)
        if (step.do === 'succeed' && state.is !== 'open') state = closed
        if (step.do === 'fail') state = failed(state, options, nowMs, chance(step.chance))
        if (state.is === 'half-open') assert.equal(allows(state, Number.POSITIVE_INFINITY), false)
        if (state.is === 'open' && before.is !== 'open') {
          const waitMs = state.until - nowMs
          assert.ok(waitMs >= options.firstMs / 2 && waitMs <= options.maxMs, `waits ${waitMs} ms`)
        }
      }
    }),
  )
})
