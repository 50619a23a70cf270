import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allows, begun, type Breaker, type BreakerState, closed, failed, openBreaker } from './breaker.ts'

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

const fail = (breaker: Breaker, times = 1): void => {
  for (let n = 0; n < times; n++) breaker.enter()?.failed()
}

test('it opens at the third failure in a row, not at the second', () => {
  assert.equal(failing(2).is, 'closed')
  assert.equal(failing(3).is, 'open')
})

test('a success in between starts the count anew', () => {
  const { breaker } = onClock()
  for (const _ of [1, 2, 3, 4]) {
    fail(breaker, 2)
    breaker.enter()?.succeeded()
  }
  assert.equal(breaker.state().is, 'closed')
})

test('while it is open nothing is let through before its time, and one probe after it', () => {
  const { breaker, clock } = onClock()
  fail(breaker, 3)
  assert.equal(breaker.enter(), undefined)
  clock.nowMs = 200
  assert.equal(breaker.willing(), true)
  assert.ok(breaker.enter(), 'the probe')
  assert.equal(breaker.willing(), false)
  assert.equal(breaker.enter(), undefined, 'a second one beside the probe')
})

test('a probe that succeeds closes it, one that fails opens it for longer', () => {
  const { breaker, clock } = onClock()
  fail(breaker, 3)
  const waits: number[] = []
  for (const _ of [1, 2, 3]) {
    const state = breaker.state()
    assert.equal(state.is, 'open')
    if (state.is !== 'open') return
    waits.push(state.until - clock.nowMs)
    clock.nowMs = state.until
    fail(breaker)
  }
  assert.deepEqual(waits, [150, 300, 600])
  const last = breaker.state()
  clock.nowMs = last.is === 'open' ? last.until : 0
  breaker.enter()?.succeeded()
  assert.deepEqual(breaker.state(), closed)
})

test('a call that began before the opening does not close it by succeeding late', () => {
  const { breaker } = onClock()
  const before = breaker.enter()
  fail(breaker, 3)
  before?.succeeded()
  assert.equal(breaker.state().is, 'open')
})

test('while the probe is under way only the probe decides: calls from before the opening neither fail nor close it', () => {
  const { breaker, clock } = onClock()
  const early = [breaker.enter(), breaker.enter()]
  fail(breaker, 3)
  clock.nowMs = 200
  const probe = breaker.enter()
  early[0]?.failed()
  early[1]?.succeeded()
  assert.equal(breaker.state().is, 'half-open')
  probe?.succeeded()
  assert.equal(breaker.state().is, 'closed')
})

test('it tells since when it is not closed, when the next probe is due, and how often it has turned', () => {
  const { breaker, clock } = onClock()
  assert.deepEqual(breaker.view(), {
    state: 'closed',
    sinceMs: null,
    probeAtMs: null,
    transitions: { closed: 0, open: 0, 'half-open': 0 },
  })
  clock.nowMs = 1_000
  fail(breaker, 3)
  clock.nowMs = 1_150
  fail(breaker)
  const view = breaker.view()
  assert.deepEqual([view.state, view.sinceMs, view.probeAtMs], ['open', 1_000, 1_450])
  clock.nowMs = 1_450
  const probe = breaker.enter()
  assert.equal(breaker.view().probeAtMs, null)
  probe?.succeeded()
  assert.deepEqual(breaker.view(), { state: 'closed', sinceMs: null, probeAtMs: null, transitions: { closed: 1, open: 2, 'half-open': 2 } })
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
