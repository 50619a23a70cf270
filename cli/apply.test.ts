import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { aGate, aPlan, aRun, began, finished, reverted } from '../tests/paper-plan.ts'
import { PaperClock, PaperScreen } from '../tests/paper-terminal.ts'
import { type Scripted, ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()

const plan = 'GET /api/plans/COMM-040'
const apply = 'POST /api/plans/COMM-040/apply'
const run = 'GET /api/runs/R-7'
const started = ok(aRun())
const failed = aRun({
  done: 3,
  state: 'failed',
  open: {
    state: 'failed',
    gate: aGate({
      verdict: 'fail',
      waits_for: { code: 'parity_differs', params: { different: 3, missing: 0, extra: 0, link: 'COMM-040' } },
    }),
  },
})

/** Plays an engine whose run goes through these views. */
const playing = (...views: readonly Scripted[]): void => engine.play({ [plan]: [ok(aPlan())], [apply]: [started], [run]: views })

describe('apply', () => {
  test('sends the route and the hash of the plan that was read', async () => {
    engine.play({ [`${plan}?to=event`]: [ok(aPlan())], [apply]: [started] })
    const { code, out, error } = await say('apply COMM-040 --to event --until 4a')
    assert.equal(code, exitCodes.fine)
    assert.deepEqual(engine.requests.at(-1), { line: apply, body: { to: 'event', hash: aPlan().hash, until: '4a' } })
    assert.equal(out, 'R-7 goes forward: COMM-040 moves from HTTP to event.\nWatch it with: npx cutover watch R-7\n')
    assert.equal(error, '')
  })

  test('prints one document with --wait --json, and nothing on stderr', async () => {
    playing(ok(aRun({ done: 2, open: { state: 'applying' } })), ok(finished()))
    const { code, out, error } = await say('apply COMM-040 --wait --json')
    assert.equal(code, exitCodes.fine)
    const document = JSON.parse(out)
    assert.equal(document.run, 'R-7')
    assert.equal(document.state, 'finished')
    assert.equal(document.took_ms, 38_000)
    assert.deepEqual(
      document.steps.map(
        (row: { step: string; verb: string; state: string; added: boolean }) => `${row.step} ${row.verb} ${row.state} ${row.added}`,
      ),
      [
        '1 register done false',
        '2 deploy done false',
        '3 produce done false',
        '4 parity done false',
        '4a deploy done true',
        '5 route done false',
        '5a drained done true',
        '6 retire pending false',
        '6 retire pending false',
      ],
    )
    assert.equal(error, '')
  })

  const endings = [
    ['finished', finished(), exitCodes.fine, 'finished', false],
    ['failed by a gate', failed, exitCodes.checkFailed, 'failed', false],
    ['paused', aRun({ done: 3, state: 'paused' }), exitCodes.waits, 'waiting', true],
    ['reverted by somebody', reverted(), exitCodes.reverted, 'reverted', false],
    [
      'waiting beyond the limit',
      aRun({ done: 3, state: 'waiting', open: { state: 'settling', gate: aGate() } }),
      exitCodes.waits,
      'waiting',
      false,
    ],
  ] as const
  for (const [name, view, expected, state, paused] of endings) {
    test(`a run that is ${name} ends with ${expected}`, async () => {
      playing(ok(view))
      const { code, out, error } = await say('apply COMM-040 --wait --json --timeout 5')
      assert.equal(code, expected)
      const document = JSON.parse(out)
      assert.deepEqual([document.state, document.paused], [state, paused])
      if (expected === exitCodes.fine) assert.equal(error, '')
      else assert.equal(JSON.parse(error).error.exit_code, expected)
    })
  }

  test('tells what it waited for when the limit passes, and that the run goes on', async () => {
    const clock = new PaperClock(began)
    playing(ok(aRun({ done: 3, state: 'waiting', open: { state: 'settling', gate: aGate() } })))
    const { code, error } = await say('apply COMM-040 --wait --timeout 30', { clock })
    assert.equal(code, exitCodes.waits)
    assert.match(
      error,
      /error: R-7 is at step 4 \(4 of 8\) after 30 s of waiting: 312 of 500 pairs, 24 a second\n {2}it goes on by itself; come back with: npx cutover watch R-7/,
    )
    assert.equal(clock.slept, 100)
  })

  test('says why a gate failed, how to try again and how to go back', async () => {
    playing(ok(failed))
    const { error } = await say('apply COMM-040 --wait')
    assert.match(
      error,
      /error: R-7 failed at step 4 \(4 of 8\): 3 different, .*see cutover parity COMM-040\n {2}try the step again with: npx cutover resume R-7; go back with: npx cutover revert R-7/,
    )
  })

  const refusals = [
    [409, 'run_exists', exitCodes.held],
    [409, 'plan_stale', exitCodes.held],
    [409, 'nothing_to_do', exitCodes.held],
    [409, 'plan_refused', exitCodes.checkFailed],
    [409, 'link_not_movable', exitCodes.failed],
    [404, 'plan_unknown', exitCodes.usage],
    [404, 'link_unknown', exitCodes.usage],
    [503, 'service_away', exitCodes.unreachable],
    [403, 'forbidden', exitCodes.notPermitted],
  ] as const
  for (const [status, code, expected] of refusals) {
    test(`${code} of the engine ends with ${expected}`, async () => {
      engine.play({ [plan]: [ok(aPlan())], [apply]: [problem(status, code, 'the reason')] })
      const said = await say('apply COMM-040')
      assert.equal(said.code, expected)
      assert.match(said.error, /the reason\n {2}\w/)
      assert.equal(said.out, '')
    })
  }

  test('passes on what the engine takes an unknown link for', async () => {
    engine.play({ 'GET /api/plans/COMM-041': [problem(404, 'link_unknown', 'there is no link "COMM-041"; did you mean COMM-040?')] })
    const { code, error } = await say('apply COMM-041')
    assert.equal(code, exitCodes.usage)
    assert.match(error, /did you mean COMM-040\?/)
  })

  test('is refused before anything is ordered: a held link, a stale hash, a plan that does not follow, an unknown step', async () => {
    const refusal = { step: '5', verb: 'route', about: 'consumer COMM-040', wanted: ['acts'], found: 'records' }
    const cases = [
      [
        'apply COMM-040',
        aPlan({ run: 'R-7' }),
        exitCodes.held,
        /run R-7 holds COMM-040\. Finished in 38 s: .*\n.*revert R-7; or .*complete R-7/,
      ],
      ['apply COMM-040 --hash other', aPlan(), exitCodes.held, /has changed since it was shown/],
      [
        'apply COMM-040',
        aPlan({ refusals: [refusal] }),
        exitCodes.checkFailed,
        /step 5 \(route\): "consumer COMM-040" must be acts there, and would be records/,
      ],
      ['apply COMM-040', aPlan({ from: 'event' }), exitCodes.held, /COMM-040 is on event already: nothing to do/],
      ['apply COMM-040 --until 9', aPlan(), exitCodes.usage, /no step 9; its steps are 1, 2, 3, 4, 4a, 5, 5a, 6/],
    ] as const
    for (const [line, view, expected, message] of cases) {
      engine.play({ [plan]: [ok(view)], [run]: [ok(finished())] })
      const { code, error } = await say(line)
      assert.equal(code, expected, line)
      assert.match(error, message)
      assert.ok(!engine.lines.includes(apply))
    }
  })
})

test('apply turns a run of the same plan forward that is going back, once', async () => {
  const back = aRun({ done: 3, heading: 'back', open: { state: 'unsettling' } })
  const held = ok(aPlan({ run: 'R-7' }))
  engine.play({ [plan]: [held], [`${plan}?to=event`]: [held], [run]: [ok(back), ok(aRun()), ok(finished())], [apply]: ['lost'] })
  const { code, out } = await say('apply COMM-040 --wait --json')
  assert.deepEqual([code, JSON.parse(out).state], [exitCodes.fine, 'finished'])
  assert.equal(engine.lines.filter(line => line === apply).length, 1)
})

describe('apply on a terminal', () => {
  test('shows what the plan amounts to, asks once, and does nothing without a yes', async () => {
    for (const answer of ['', 'n', 'no', 'yess']) {
      engine.play({ [plan]: [ok(aPlan())] })
      const screen = new PaperScreen()
      screen.answers.push(answer)
      const { code, error } = await say('apply COMM-040', { screen })
      assert.equal(code, exitCodes.failed, answer)
      assert.deepEqual(screen.questions, ['Move COMM-040 to event? [y/N] '])
      assert.match(error, /8 steps, 2 of them added, 4 deployments, 1 point of no return\.\n.*nothing was changed/s)
      assert.deepEqual(engine.lines, [plan])
    }
  })

  test('follows the run by itself after a yes, and says what can be typed next', async () => {
    playing(ok(aRun({ done: 3, state: 'waiting', open: { state: 'settling', gate: aGate() } })), ok(finished()))
    const screen = new PaperScreen()
    screen.answers.push('y')
    const { code, out } = await say('apply COMM-040', { screen })
    assert.equal(code, exitCodes.fine)
    assert.match(screen.pictures.at(-1) ?? '', /Finished in 38 s: COMM-040 goes by event now/)
    assert.match(out, /verify\n.*revert R-7\n.*complete R-7/)
  })

  test('asks nothing with --yes, and goes at once with --no-wait', async () => {
    playing(ok(aRun()))
    const screen = new PaperScreen()
    const { code } = await say('apply COMM-040 --yes --no-wait', { screen })
    assert.equal(code, exitCodes.fine)
    assert.deepEqual(screen.questions, [])
    assert.deepEqual(engine.lines, [plan, apply])
  })

  test('asks nothing and draws nothing with --json', async () => {
    playing(ok(finished()))
    const screen = new PaperScreen()
    const { out } = await say('apply COMM-040 --wait --json', { screen })
    assert.equal(JSON.parse(out).state, 'finished')
    assert.equal(screen.written, '')
  })

  test('a person may stay beyond the limit of --wait', async () => {
    const clock = new PaperClock(began)
    const screen = new PaperScreen()
    playing(ok(aRun({ done: 3, open: { state: 'settling', gate: aGate() } })))
    clock.during(1, () => clock.pass(3_600_000))
    clock.during(2, () => screen.press('d'))
    const { code, error } = await say('apply COMM-040 --yes', { screen, clock })
    assert.equal(code, exitCodes.fine)
    assert.match(error, /Detached: R-7 goes on/)
  })
})

describe('apply while the engine is away', () => {
  const standby = problem(503, 'engine_standby', 'another engine acts')

  test('waits for the next engine, and says so once', async () => {
    engine.play({ [plan]: [standby, standby, ok(aPlan())], [apply]: [standby, started], [run]: ['lost', standby, ok(finished())] })
    const { code, error } = await say('apply COMM-040 --wait')
    assert.equal(code, exitCodes.fine)
    assert.equal(error.match(/trying again for 10 s/g)?.length, 3, 'once for each time that it went away')
  })

  test('ends with 69 when no engine comes within ten seconds', async () => {
    const clock = new PaperClock(began)
    engine.play({ [plan]: [standby] })
    const { code, error } = await say('apply COMM-040 --json', { clock })
    assert.equal(code, exitCodes.unreachable)
    assert.equal(JSON.parse(error).error.problem.code, 'engine_standby')
    assert.equal(clock.now() - began, 10_000)
  })

  test('does not begin twice when the answer was lost after the run had begun', async () => {
    engine.play({ [plan]: [ok(aPlan())], [`${plan}?to=event`]: [ok(aPlan({ run: 'R-7' }))], [apply]: ['lost'], [run]: [ok(finished())] })
    const { code } = await say('apply COMM-040 --wait')
    assert.equal(code, exitCodes.fine)
    assert.equal(engine.lines.filter(line => line === apply).length, 1)
  })

  test('begins once more when the order was lost with the engine', async () => {
    engine.play({ [plan]: [ok(aPlan())], [`${plan}?to=event`]: [ok(aPlan())], [apply]: ['lost', started] })
    const { code } = await say('apply COMM-040')
    assert.equal(code, exitCodes.fine)
    assert.equal(engine.lines.filter(line => line === apply).length, 2)
  })
})

describe('apply refuses as wrong usage', () => {
  const usages = [
    ['apply', /missing required argument 'link'/],
    ['apply COMM-040 --to htp', /Allowed choices are http, event/],
    ['apply COMM-040 --until four', /must be a step of the plan, for example 4 or 4a/],
    ['apply COMM-040 --until 4A', /must be a step of the plan/],
    ['apply COMM/040', /must be a link, for example COMM-040/],
    ['apply COMM-040 --hash a;b', /must be the hash that plan shows/],
    ['apply COMM-040 --timeout 0', /from 1 to 3600/],
    ['apply COMM-040 --wiat', /Did you mean --wait\?/],
  ] as const
  for (const [line, message] of usages) {
    test(line, async () => {
      engine.play({})
      const { code, error } = await say(line)
      assert.equal(code, exitCodes.usage)
      assert.match(error, message)
      assert.deepEqual(engine.lines, [])
    })
  }
})
