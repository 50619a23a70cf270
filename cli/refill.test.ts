import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const order = 'POST /api/links/COMM-040/refill'
const look = 'GET /api/links/COMM-040/refill'
const view = {
  link: 'COMM-040',
  state: 'under_way',
  number: 3,
  asked_by: 'operator',
  left: 900,
  looked: 0,
  sent: 0,
  began_at: '2026-01-01T00:00:00.000Z',
  ended_at: null,
  direct: false,
}
const done = { ...view, state: 'done', left: 0, looked: 40, sent: 12, ended_at: '2026-01-01T00:00:02.000Z' }

describe('refill', () => {
  test('follows it to its end: progress on stderr, the result on stdout', async () => {
    engine.play({ [order]: [ok(view)], [look]: [ok({ ...view, looked: 20, sent: 7, left: 300 }), ok(done)] })
    const { code, out, error } = await say('refill COMM-040')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /Refilled.*40 facts of COMM-040 looked at, 12 sent again/)
    assert.match(error, /20 facts looked at, 7 sent again, 300 positions left/)
    assert.deepEqual(engine.lines, [order, look, look])
    assert.deepEqual(engine.requests[0]?.body, {})
  })

  test('a dry run counts, and begins nothing', async () => {
    const count = { link: 'COMM-040', dry_run: true, looked: 40, open: 12, kept: 2, more: false, direct: false }
    engine.play({ [order]: [ok(count)] })
    const { code, out } = await say('refill COMM-040 --dry-run')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /40 facts of COMM-040 are beyond.*\n10 would be sent again; 12 are not terminal, 2 of them parked or a dead letter/)
    assert.deepEqual(engine.requests, [{ line: order, body: { dry_run: true } }])
  })

  test('one that another has begun after it has all of it', async () => {
    engine.play({ [order]: [ok(view)], [look]: [ok({ ...view, number: 4 })] })
    assert.equal((await say('refill COMM-040 --json')).code, exitCodes.fine)
  })

  test('waits no longer than its limit, and says that it goes on', async () => {
    engine.play({ [order]: [ok(view)], [look]: [ok(view)] })
    const { code, error } = await say('refill COMM-040 --timeout 2')
    assert.equal(code, exitCodes.waits)
    assert.match(error, /goes on: 0 facts sent again, 900 positions left/)
  })

  test('of a direct link it says what cannot be sent again', async () => {
    engine.play({ [order]: [ok({ ...done, direct: true })] })
    assert.match((await say('refill COMM-040')).out, /direct.*cannot be sent again.*cutover delivery COMM-040 outbox/)
  })

  test('an unknown link ends with 64', async () => {
    engine.play({ [order]: [problem(404, 'link_unknown', 'there is no link')] })
    assert.equal((await say('refill COMM-040')).code, exitCodes.usage)
  })
})
