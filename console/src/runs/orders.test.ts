import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RunStepView, RunView, Said, StepState } from '@cutover/engine/api/plan'
import { changesOf } from './orders.ts'
import { openStep } from './open-step.ts'
import { timesOf } from './times.ts'

const said = (code: string): Said => ({ code, params: {} })

const step = (name: string, verb: string, state: StepState, more: Partial<RunStepView> = {}): RunStepView => ({
  step: name,
  added: false,
  title: { en: name, ru: name },
  why: null,
  verb,
  does: said(`do ${name} ${verb}`),
  gate_asks: said('gate'),
  inverse: said(`undo ${name} ${verb}`),
  no_return: null,
  state,
  gate: null,
  attempts: 1,
  started_at: null,
  ended_at: null,
  ...more,
})

const run = (steps: readonly RunStepView[], more: Partial<RunView> = {}): RunView => ({
  run: 'R-1',
  plan: 'COMM-040',
  link: 'COMM-040',
  from: 'http',
  to: 'event',
  title: { en: '', ru: '' },
  hash: '',
  heading: 'forward',
  state: 'running',
  who: 'operator',
  started_at: '2026-01-01T00:00:00Z',
  ended_at: null,
  waits_for: null,
  eta_ms: null,
  until: null,
  steps,
  can: [],
  ...more,
})

const final = { inverse: null, no_return: said('final') }
const underWay = run([
  step('1', 'register', 'done'),
  step('2', 'deployed', 'done', { inverse: null }),
  step('3', 'parity', 'settling'),
  step('4', 'route', 'pending'),
  step('5', 'removed', 'pending', final),
  step('5', 'removed', 'pending', final),
])
const codes = (run: RunView, verb: Parameters<typeof changesOf>[1]): (string | null)[] =>
  changesOf(run, verb).map(({ says }) => says?.code ?? null)

describe('what an order will change', () => {
  test('a revert undoes what was done, the last first, and tells where there is nothing to undo', () =>
    assert.deepEqual(codes(underWay, 'revert'), ['undo 3 parity', null, 'undo 1 register']))
  test('a resume goes on, and not beyond the point of no return', () =>
    assert.deepEqual(codes(underWay, 'resume'), ['do 3 parity', 'do 4 route']))
  test('a resume of a way back goes on back', () =>
    assert.deepEqual(codes(run(underWay.steps, { heading: 'back' }), 'resume'), codes(underWay, 'revert')))
  test('a pause names the step in hand', () => assert.deepEqual(codes(underWay, 'pause'), ['do 3 parity']))
  test('a completion lists what cannot be undone, with its reason', () => {
    const finished = run(
      underWay.steps.map(one => (one.no_return === null ? { ...one, state: 'done' } : one)),
      { state: 'finished' },
    )
    assert.deepEqual(codes(finished, 'complete'), ['do 5 removed', 'do 5 removed'])
    assert.equal(changesOf(finished, 'complete')[0]?.noReturn?.code, 'final')
  })
})

describe('the open step', () => {
  test('is the one that the run is at', () => assert.equal(openStep(underWay, undefined)?.key, '3-parity'))
  test('is the one that the address names', () => assert.equal(openStep(underWay, '5-removed-2')?.step, underWay.steps[5]))
  test('is not one that the address makes up', () => assert.equal(openStep(underWay, '9-magic')?.key, '3-parity'))
})

describe('the time of a run', () => {
  const at = (second: number): string => new Date(Date.parse('2026-01-01T00:00:00Z') + 1000 * second).toISOString()
  const timed = run([
    step('1', 'register', 'done', { started_at: at(0), applied_at: at(2), ended_at: at(5) }),
    step('2', 'parity', 'settling', { started_at: at(10), applied_at: at(11), ended_at: null }),
  ])
  test('is split into work and waiting; a pause is neither', () =>
    assert.deepEqual(timesOf(timed, Date.parse(at(20))), { totalMs: 20_000, workedMs: 3_000, waitedMs: 12_000 }))
  test('stops when the run has come to rest', () =>
    assert.equal(timesOf({ ...timed, ended_at: at(15) }, Date.parse(at(99))).totalMs, 15_000))
  test('is told as a whole by an engine that does not split it', () =>
    assert.deepEqual(timesOf(run([step('1', 'register', 'done', { started_at: at(0) })]), Date.parse(at(4))), {
      totalMs: 4_000,
      workedMs: null,
      waitedMs: null,
    }))
})
