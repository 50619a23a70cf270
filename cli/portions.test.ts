import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { aPlan, aRun } from '../tests/paper-plan.ts'
import { ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const plan = 'GET /api/plans/COMM-040'

describe('a plan', () => {
  test('by portions names them in what to type next', async () => {
    engine.play({ [`${plan}?portions=5,25`]: [ok(aPlan({ portions: [5, 25] }))] })
    const { code, out } = await say('plan COMM-040 --portions 5,25')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /\nApply it with: npx cutover apply COMM-040 --to event --portions 5,25\n/)
  })

  for (const wrong of ['0', '100', '101', '5,5', '25,5', '1,2,3,4,5,6', '5,', 'x', '5.5', '-5', '1e1']) {
    test(`does not ask for the portions ${wrong}`, async () => {
      engine.play({})
      for (const verb of ['plan', 'apply']) {
        const { code, error } = await say(`${verb} COMM-040 --portions=${wrong}`)
        assert.equal(code, exitCodes.usage, error)
        assert.match(error, /must be rising per cents, for example 5,25/)
      }
      assert.deepEqual(engine.lines, [])
    })
  }

  test('of portions that the engine refuses ends with 64', async () => {
    const line = `${plan}?portions=5`
    engine.play({ [line]: [problem(400, 'parameter_invalid', 'COMM-040 is a data link, which moves as a whole')] })
    const { code, error } = await say('plan COMM-040 --portions 5')
    assert.equal(code, exitCodes.usage)
    assert.match(error, /is a data link/)
  })
})

describe('apply', () => {
  const apply = 'POST /api/plans/COMM-040/apply'
  const run = 'GET /api/runs/R-7'
  const started = ok(aRun())

  test('sends the portions of the plan that was read', async () => {
    const portions = [5, 25]
    engine.play({ [`${plan}?to=event&portions=5,25`]: [ok(aPlan({ portions }))], [apply]: [started] })
    assert.equal((await say('apply COMM-040 --to event --portions 5,25 --until 4b')).code, exitCodes.usage)
    assert.equal((await say('apply COMM-040 --to event --portions 5,25')).code, exitCodes.fine)
    assert.deepEqual(engine.requests.at(-1), { line: apply, body: { to: 'event', hash: aPlan().hash, portions } })
  })

  test('turns a run by portions forward again without their being named', async () => {
    const portions = [5, 25]
    engine.play({ [plan]: [ok(aPlan({ run: 'R-7', portions }))], [run]: [ok(aRun({ heading: 'back' }))], [apply]: [started] })
    assert.equal((await say('apply COMM-040')).code, exitCodes.fine)
    assert.deepEqual(engine.requests.at(-1), { line: apply, body: { to: 'event', hash: aPlan().hash, portions } })
  })
})
