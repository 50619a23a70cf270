import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { aPlan } from '../tests/paper-plan.ts'
import { ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const order = 'POST /api/links/COMM-090/delivery'
const answer = {
  link: 'COMM-090',
  from: 'outbox',
  to: 'direct',
  epoch: 4,
  changed: true,
  tells_anew: false,
  dry_run: false,
  term: 1,
}

describe('delivery', () => {
  test('to direct says that it may lose, and how to come back', async () => {
    engine.play({ [order]: [ok(answer)] })
    const { code, out } = await say('delivery COMM-090 direct')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /leave direct, not by the outbox any more\. Epoch 4/)
    assert.match(out, /It may lose.*cutover delivery COMM-090 outbox/)
    assert.deepEqual(engine.requests, [{ line: order, body: { to: 'direct' } }])
  })

  test('to the outbox says that everything is told anew', async () => {
    engine.play({ [order]: [ok({ ...answer, from: 'direct', to: 'outbox', tells_anew: true })] })
    assert.match((await say('delivery COMM-090 outbox')).out, /told once more.*may have been lost/)
  })

  test('a dry run is one for the engine too, and says that nothing was changed', async () => {
    engine.play({ [order]: [ok({ ...answer, dry_run: true })] })
    const { out } = await say('delivery COMM-090 direct --dry-run')
    assert.match(out, /would leave direct instead of by the outbox.*Nothing was changed/)
    assert.deepEqual(engine.requests[0]?.body, { to: 'direct', dry_run: true })
  })

  test('where it stands like this already, nothing was changed', async () => {
    engine.play({ [order]: [ok({ ...answer, from: 'direct', changed: false })] })
    assert.match((await say('delivery COMM-090 direct')).out, /leave direct already.*Nothing was changed/)
  })

  test('with --json prints what the engine says', async () => {
    engine.play({ [order]: [ok(answer)] })
    assert.deepEqual(JSON.parse((await say('delivery COMM-090 direct --json')).out), answer)
  })

  test('a link that may not lose is refused with 1 and a way to go on; a wrong word with 64', async () => {
    engine.play({ 'POST /api/links/COMM-040/delivery': [problem(409, 'delivery_not_allowed', 'COMM-040 does not declare it')] })
    const { code, error } = await say('delivery COMM-040 direct')
    assert.equal(code, exitCodes.failed)
    assert.match(error, /does not declare it\n {2}see which links may be direct in docs\/delivery-guarantees\.md/)
    for (const line of ['delivery COMM-090 pigeon', 'delivery COMM-090', 'delivery', 'delivery C/9 direct'])
      assert.equal((await say(line)).code, exitCodes.usage, line)
  })
})

describe('links', () => {
  test('show a direct link as one that may lose', async () => {
    const row = {
      link: 'COMM-090',
      from: 'hiring',
      to: 'management',
      kind: 'data',
      route: 'event',
      share: 100,
      rate: 1,
      title: 'candidates',
      epoch: 4,
      facts: 9,
      open: 0,
      shadow: false,
      run: null,
      note: null,
    }
    engine.play({ 'GET /api/links': [ok([{ ...row, delivery: 'direct' }])] })
    assert.match((await say('links')).out, /event \(direct, may lose\)/)
    engine.play({ 'GET /api/links': [ok([{ ...row, delivery: 'outbox' }])] })
    assert.doesNotMatch((await say('links')).out, /may lose/)
  })
})

describe('a plan of a direct link', () => {
  test('is refused with the command that comes first', async () => {
    const refusal = {
      step: '4',
      verb: 'drained',
      about: 'delivery COMM-040',
      wanted: ['outbox'],
      found: 'direct',
      mend: 'cutover delivery COMM-040 outbox',
    }
    engine.play({ 'GET /api/plans/COMM-040': [ok(aPlan({ refusals: [refusal] }))] })
    const { code, error } = await say('apply COMM-040 --no-wait')
    assert.equal(code, exitCodes.checkFailed)
    assert.match(error, /would be direct; first: npx cutover delivery COMM-040 outbox/)
  })
})
