import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { aRun, began, finished, reverted } from '../tests/paper-plan.ts'
import { PaperScreen } from '../tests/paper-terminal.ts'
import { ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const run = 'GET /api/runs/R-7'
const runs = 'GET /api/runs'
const order = (verb: string): string => `POST /api/runs/R-7/${verb}`

describe('revert', () => {
  test('ends with 0 when the run has gone back', async () => {
    engine.play({ [run]: [ok(finished()), ok(reverted())], [order('revert')]: [ok(finished())] })
    const { code, out } = await say('revert R-7 --wait --json')
    assert.equal(code, exitCodes.fine)
    assert.equal(JSON.parse(out).state, 'reverted')
  })

  test('does not take the rest that it came from for the end', async () => {
    const backwards = aRun({ done: 6, heading: 'back', open: { state: 'unsettling' } })
    for (const rest of [finished(), aRun({ done: 3, state: 'paused' }), aRun({ done: 3, state: 'failed' })]) {
      engine.play({ [run]: [ok(rest), ok(rest), ok(rest), ok(backwards), ok(reverted())], [order('revert')]: [ok(rest)] })
      const { code, out } = await say('revert R-7 --wait --json')
      assert.deepEqual([code, JSON.parse(out).state], [exitCodes.fine, 'reverted'], rest.state)
    }
  })

  test('waits no longer than its limit for an order that nobody takes up', async () => {
    engine.play({ [run]: [ok(finished())], [order('revert')]: [ok(finished())] })
    const { code, out } = await say('revert R-7 --wait --json --timeout 3')
    assert.equal(code, exitCodes.waits)
    assert.equal(JSON.parse(out).state, 'waiting')
  })

  test('on a terminal lists what it would undo, the last step first, and asks', async () => {
    engine.play({ [run]: [ok(finished())] })
    const screen = new PaperScreen()
    const { code, error } = await say('revert R-7', { screen })
    assert.equal(code, exitCodes.failed)
    assert.deepEqual(screen.questions, ['Undo steps 5a, 5, 4a, 4, 3, 2, 1 of R-7? [y/N] '])
    assert.match(error, / {2}5 {3}switch COMM-040 back to http.*\n.*\n {2}4a {2}deploy bonuses without act:COMM-040 again/)
    assert.deepEqual(engine.lines, [run])
  })

  test('past the point of no return ends with 5 and names the way back', async () => {
    const completed = finished({ state: 'completed', can: [] })
    engine.play({ [run]: [ok(completed)], [order('revert')]: [problem(409, 'past_no_return', 'R-7 is completed')] })
    const { code, error } = await say('revert R-7', { screen: new PaperScreen() })
    assert.equal(code, exitCodes.waits)
    assert.match(error, /R-7 is completed\n {2}the way back is a plan of its own: npx cutover plan/)
  })
})

describe('complete', () => {
  test('needs --yes where nobody can be asked', async () => {
    engine.play({})
    for (const line of ['complete R-7', 'complete R-7 --json']) {
      const { code, error } = await say(line)
      assert.equal(code, exitCodes.usage)
      assert.match(error, /point of no return.*--yes/s)
    }
    assert.deepEqual(engine.lines, [])
  })

  test('describes what cannot be undone, and goes on only by the name of the link', async () => {
    const retiring = finished({ state: 'running', heading: 'complete', ended_at: null })
    const completed = finished({ state: 'completed', heading: 'complete', can: [] })
    for (const [answer, expected] of [
      ['y', exitCodes.failed],
      ['COMM-040', exitCodes.fine],
    ] as const) {
      engine.play({ [run]: [ok(finished()), ok(retiring), ok(completed)], [order('complete')]: [ok(finished())] })
      const screen = new PaperScreen()
      screen.answers.push(answer)
      const { code, error } = await say('complete R-7', { screen })
      assert.equal(code, expected, answer)
      assert.deepEqual(screen.questions, ['Type COMM-040 to go on: '])
      assert.match(error, /cannot be undone:\n.*deploy hiring without the HTTP calls.*\n.*deploy bonuses without the HTTP endpoint/)
      assert.equal(engine.lines.includes(order('complete')), expected === exitCodes.fine)
    }
  })

  test('prints its end as a document', async () => {
    const completed = finished({ state: 'completed', heading: 'complete', can: [] })
    engine.play({ [run]: [ok(finished()), ok(completed)], [order('complete')]: [ok(finished())] })
    const { code, out } = await say('complete R-7 --yes --wait --json')
    assert.equal(code, exitCodes.fine)
    assert.equal(JSON.parse(out).state, 'completed')
  })
})

describe('approve', () => {
  const approval = { wanted: true, by: null, at: null, expires_at: null }
  const given = { wanted: false, by: 'approver', at: '2026-01-31T09:31:00.000Z', expires_at: '2026-02-01T09:31:00.000Z' }
  const wanting = finished({ approval })

  test('sends the hash of the plan that was read, with the approver’s token, and says how to go on', async () => {
    engine.play({ [run]: [ok(wanting)], [order('approve')]: [ok(finished({ approval: given }))] })
    const { code, out } = await say('approve R-7')
    assert.equal(code, exitCodes.fine)
    assert.equal(out, 'R-7: approved by approver, until 2026-02-01T09:31:00.000Z.\nComplete it with: npx cutover complete R-7\n')
    assert.deepEqual(engine.requests.at(-1), { line: order('approve'), body: { hash: wanting.hash } })
    assert.deepEqual(new Set(engine.tokens), new Set(['second']))
  })

  test('takes the token from the file that is named, and refuses one that cannot be read', async () => {
    engine.play({ [run]: [ok(wanting)], [order('approve')]: [ok(finished({ approval: given }))] })
    const elsewhere = join(await mkdtemp(join(tmpdir(), 'cutover-approver-')), 'token')
    await writeFile(elsewhere, 'hers\n')
    assert.equal((await say(`approve R-7 --token-file ${elsewhere}`, { environment: { CUTOVER_TOKEN: 'other' } })).code, exitCodes.fine)
    assert.deepEqual(new Set(engine.tokens), new Set(['hers']))
    const { code, error } = await say(`approve R-7 --token-file ${elsewhere}.not`)
    assert.equal(code, exitCodes.notPermitted)
    assert.match(error, /the approver token cannot be read.*\n {2}name the file with --token-file/)
  })

  test('on a terminal shows what cannot be undone, and asks', async () => {
    engine.play({ [run]: [ok(wanting)] })
    const screen = new PaperScreen()
    const { code, error } = await say('approve R-7', { screen })
    assert.equal(code, exitCodes.failed)
    assert.deepEqual(screen.questions, ['Approve that R-7 does this? [y/N] '])
    assert.match(error, /cannot be undone:\n.*deploy hiring without the HTTP calls/)
    assert.deepEqual(engine.lines, [run])
  })

  test('what the engine refuses ends with 77 for an own run, and with 4 where nothing is to be approved or the plan is another', async () => {
    for (const [status, name, expected] of [
      [403, 'approval_own', exitCodes.notPermitted],
      [409, 'approval_unwanted', exitCodes.held],
      [409, 'plan_stale', exitCodes.held],
    ] as const) {
      engine.play({ [run]: [ok(wanting)], [order('approve')]: [problem(status, name, 'no')] })
      assert.equal((await say('approve R-7')).code, expected, name)
    }
  })

  test('complete without it ends with 5 and says who has to do what; nobody is asked for the name of the link', async () => {
    const missing = problem(403, 'approval_missing', 'R-7 would pass its point of no return')
    engine.play({ [run]: [ok(wanting)], [order('complete')]: [missing] })
    const program = await say('complete R-7 --yes --json')
    assert.equal(program.code, exitCodes.waits)
    assert.equal(JSON.parse(program.error).error.problem.code, 'approval_missing')
    const screen = new PaperScreen()
    const person = await say('complete R-7', { screen })
    assert.equal(person.code, exitCodes.waits)
    assert.deepEqual(screen.questions, [])
    assert.match(person.error, /a second person has to approve it\.\n {2}have the second person approve it with: npx cutover approve R-7/)
  })

  test('is told by run show, and when it has expired', async () => {
    const shown = async (changes: object): Promise<string> => {
      engine.play({ [run]: [ok(finished({ approval: { ...given, ...changes } }))] })
      return (await say('run show R-7')).out
    }
    assert.match(await shown({}), /Point of no return: approved by approver, until 2026-02-01T09:31:00\.000Z\./)
    assert.match(await shown({ wanted: true }), /the approval by approver expired at .*; a second person has to approve it again\./)
    engine.play({ [run]: [ok(finished({ approval: null }))] })
    assert.doesNotMatch((await say('run show R-7')).out, /Point of no return/)
  })
})

describe('pause and resume', () => {
  test('pause says how to go on', async () => {
    engine.play({ [run]: [ok(aRun())], [order('pause')]: [ok(aRun({ state: 'paused' }))] })
    assert.equal((await say('pause R-7')).out, 'R-7 pauses. Go on with: npx cutover resume R-7\n')
  })

  test('resume does not take the pause that it ends for a new one', async () => {
    const paused = aRun({ done: 3, state: 'paused', ended_at: new Date(began).toISOString() })
    engine.play({ [run]: [ok(paused), ok(paused), ok(finished())], [order('resume')]: [ok(paused)] })
    const { code, out } = await say('resume R-7 --wait --json')
    assert.equal(code, exitCodes.fine)
    assert.equal(JSON.parse(out).state, 'finished')
  })

  test('an order that the run does not take now ends with 4', async () => {
    for (const verb of ['pause', 'resume', 'revert']) {
      engine.play({ [run]: [ok(finished({ can: [] }))], [order(verb)]: [problem(409, 'run_state', 'R-7 is finished')] })
      const { code, error } = await say(`${verb} R-7`)
      assert.equal(code, exitCodes.held, verb)
      assert.match(error, /R-7 is finished\n {2}see what the run takes now/)
    }
  })

  test('an order whose answer was lost is given again only while the run still takes it', async () => {
    engine.play({ [run]: [ok(aRun())], [order('pause')]: ['lost', ok(aRun())] })
    await say('pause R-7')
    assert.equal(engine.lines.filter(line => line === order('pause')).length, 2)
    engine.play({ [run]: [ok(aRun()), ok(aRun({ state: 'paused', can: ['resume', 'revert'] }))], [order('pause')]: ['lost'] })
    assert.equal((await say('pause R-7')).code, exitCodes.fine)
    assert.equal(engine.lines.filter(line => line === order('pause')).length, 1)
  })
})

describe('the run that is meant', () => {
  const old = finished({ run: 'R-3', state: 'completed', can: [] })
  const other = aRun({ run: 'R-9', link: 'COMM-050' })

  test('by a link is the one that holds it', async () => {
    engine.play({ [runs]: [ok([other, aRun(), old])], [order('pause')]: [ok(aRun())] })
    assert.equal((await say('pause COMM-040')).code, exitCodes.fine)
    assert.deepEqual(engine.lines, [runs, order('pause')])
  })

  test('by a link that is free is the latest, so that the engine says why it takes nothing', async () => {
    engine.play({ [runs]: [ok([other, old])], 'POST /api/runs/R-3/revert': [problem(409, 'past_no_return', 'R-3 is completed')] })
    assert.equal((await say('revert COMM-040')).code, exitCodes.waits)
  })

  test('is missing for a link without any, and for a link that does not exist', async () => {
    engine.play({
      [runs]: [ok([other])],
      'GET /api/plans/COMM-040': [ok({})],
      'GET /api/plans/COMM-041': [problem(404, 'link_unknown', 'did you mean COMM-040?')],
    })
    const none = await say('revert COMM-040')
    assert.equal(none.code, exitCodes.usage)
    assert.match(none.error, /COMM-040 has had no run yet\n {2}begin one with: npx cutover apply COMM-040/)
    const unknown = await say('revert COMM-041')
    assert.equal(unknown.code, exitCodes.usage)
    assert.match(unknown.error, /did you mean COMM-040\?/)
  })

  test('by an id that nobody knows ends with 64', async () => {
    engine.play({ 'GET /api/runs/R-99': [problem(404, 'run_unknown', 'there is no run R-99')] })
    const { code, error } = await say('watch R-99')
    assert.equal(code, exitCodes.usage)
    assert.match(error, /there is no run R-99\n {2}see all runs with: npx cutover runs/)
  })

  for (const name of ['R-', 'R-0', 'R-07', 'r-7', 'R7', '7', 'R-x', 'R-9999999999', 'a/b']) {
    test(`is not asked for as ${name}`, async () => {
      engine.play({})
      const { code, error } = await say(`pause ${name}`)
      assert.equal(code, exitCodes.usage)
      assert.match(error, /must be a run like R-7, or a link like COMM-040/)
      assert.deepEqual(engine.lines, [])
    })
  }

  test('run show takes a run and nothing else', async () => {
    const { code, error } = await say('run show COMM-040')
    assert.equal(code, exitCodes.usage)
    assert.match(error, /must be a run, for example R-7/)
  })
})
