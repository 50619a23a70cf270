import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from 'cutover/failure'
import { askChecks } from './checks.ts'
import type { Directory, InstanceAnswer } from './directory.ts'
// Its problems.
import './directory.ts'

const check = { check: 'pay-outs', counted: 2, open: 1, wrong: 0, samples: [] }

/** A service of which one instance is asked at first, and then each. */
const directory = (one: unknown, each: readonly InstanceAnswer[] = []): Directory => ({
  services: ['bonuses'],
  ask: async () => {
    if (one instanceof Error) throw one
    return one
  },
  askEach: async () => each,
  close: async () => undefined,
})
const answered = (status: number): Problem =>
  new Problem('service_refused', { detail: `answered ${status}`, extensions: { service_status: status } })

test('every service that is named is asked, and what it says is named after it', async () => {
  assert.deepEqual(await askChecks(['bonuses', 'other'], directory({ checks: [check] })), [
    { service: 'bonuses', ...check },
    { service: 'other', ...check },
  ])
})

test('an older instance that does not know the question is passed over, as long as another does', async () => {
  const each = [
    { url: 'a', away: 'answered 404' },
    { url: 'b', answer: { checks: [check] } },
  ]
  assert.deepEqual(await askChecks(['bonuses'], directory(answered(404), each)), [{ service: 'bonuses', ...check }])
  await assert.rejects(askChecks(['bonuses'], directory(answered(404), each.slice(0, 1))), /answered 404/)
  await assert.rejects(askChecks(['bonuses'], directory(answered(503), each)), /answered 503/)
})

test('an answer that was not agreed is no clean check', async () => {
  for (const wrong of [
    null,
    {},
    { checks: {} },
    { checks: [{}] },
    { checks: [{ ...check, wrong: -1 }] },
    { checks: [{ ...check, wrong: '0' }] },
  ])
    await assert.rejects(askChecks(['bonuses'], directory(wrong)), { code: 'service_answer_wrong' }, JSON.stringify(wrong))
})
