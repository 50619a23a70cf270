import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { aGate, aRun, began, finished, reverted } from '../tests/paper-plan.ts'
import { PaperClock, PaperScreen } from '../tests/paper-terminal.ts'
import { ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const run = 'GET /api/runs/R-7'
const comparing = aRun({ done: 3, state: 'waiting', eta_ms: 14_000, open: { state: 'settling', gate: aGate() } })
const pausing = { ...comparing, state: 'paused', can: ['resume', 'revert'] } as const

describe('watch on a terminal', () => {
  test('draws in place: every picture begins where the one before began', async () => {
    engine.play({ [run]: [ok(aRun({ done: 1 })), ok(comparing), ok(finished())] })
    const screen = new PaperScreen()
    const { code } = await say('watch R-7', { screen })
    assert.equal(code, exitCodes.fine)
    const pictures = screen.pictures
    assert.equal(pictures.length, 4, 'three views, and the last one without keys')
    assert.deepEqual(
      screen.climbs,
      pictures.slice(0, -1).map(picture => picture.split('\n').length - 1),
    )
    assert.ok(screen.written.endsWith('\u001b[?25h'), 'the cursor is back')
    assert.equal(screen.listener, null, 'the keys are given back')
  })

  test('shows the sentence, marks, times, figures with thresholds, and what it waits for', async () => {
    engine.play({ [run]: [ok(comparing), ok(finished())] })
    const screen = new PaperScreen()
    await say('watch R-7', { screen, clock: new PaperClock(began + 21_000) })
    const [picture = ''] = screen.pictures
    assert.match(picture, /^COMM-040 from HTTP to event, run R-7\nWaiting at step 4 \(4 of 8\), 21 s so far, about 14 s left\.\n/)
    assert.match(picture, /\n✓ 3 {3}Let hiring produce .* 2\.0 s\n● 4 {3}Check that all of it works: compare the effects +15 s\n/)
    assert.match(picture, /pairs compared +312 {2}at least 500 {2}━{7}─{5}\n/)
    assert.match(picture, /different +0 {2}at most 0 +✓ ok\n/)
    assert.match(picture, /waits for: 312 of 500 pairs, 24 a second; about 8 s\n○ 4a {2}Move .*\(added\)\n/)
    assert.match(picture, /── point of no return ─+\n○ 6/)
    assert.match(picture, /p pause {3}r revert {3}d detach/)
    assert.doesNotMatch(screen.pictures.at(-1) ?? '', /detach/)
  })

  test('p pauses, and p goes on: who ordered the pause stays', async () => {
    engine.play({
      [run]: [ok(comparing), ok(pausing), ok(comparing), ok(finished())],
      'POST /api/runs/R-7/pause': [ok(comparing)],
      'POST /api/runs/R-7/resume': [ok(pausing)],
    })
    const screen = new PaperScreen()
    const clock = new PaperClock(began)
    clock.during(1, () => screen.press('p'))
    clock.during(3, () => screen.press('p'))
    const { code } = await say('watch R-7', { screen, clock })
    assert.equal(code, exitCodes.fine)
    assert.deepEqual(
      engine.lines.filter(line => line.startsWith('POST')),
      ['POST /api/runs/R-7/pause', 'POST /api/runs/R-7/resume'],
    )
    assert.ok(screen.pictures.some(picture => picture.includes('p go on')))
  })

  test('a pause that somebody else ordered ends the watching with 5', async () => {
    engine.play({ [run]: [ok(comparing), ok(pausing)] })
    const { code, error } = await say('watch R-7', { screen: new PaperScreen() })
    assert.equal(code, exitCodes.waits)
    assert.match(error, /R-7 is paused at step 4 \(4 of 8\).*\n {2}go on with: npx cutover resume R-7/)
  })

  test('r asks, and goes back only after y', async () => {
    const revert = 'POST /api/runs/R-7/revert'
    for (const answer of ['n', 'y']) {
      engine.play({ [run]: [ok(comparing), ok(comparing), ok(answer === 'y' ? reverted() : finished())], [revert]: [ok(comparing)] })
      const screen = new PaperScreen()
      const clock = new PaperClock(began)
      clock.during(1, () => screen.press('r'))
      clock.during(2, () => screen.press(answer))
      const { code } = await say('watch R-7', { screen, clock })
      assert.ok(screen.pictures.some(picture => picture.includes('Go back: undo steps 4, 3, 2, 1?  y yes')))
      assert.equal(engine.lines.includes(revert), answer === 'y')
      assert.equal(code, answer === 'y' ? exitCodes.reverted : exitCodes.fine)
    }
  })

  test('an order that comes too late is told, and the run goes on being followed', async () => {
    engine.play({ [run]: [ok(comparing), ok(finished())], 'POST /api/runs/R-7/pause': [problem(409, 'run_state', 'R-7 is finished')] })
    const screen = new PaperScreen()
    const clock = new PaperClock(began)
    clock.during(1, () => screen.press('p'))
    assert.equal((await say('watch R-7', { screen, clock })).code, exitCodes.fine)
    assert.ok(screen.pictures.some(picture => picture.includes('R-7 is finished')))
  })

  test('a key for an order that the run does not take does nothing', async () => {
    const last = { ...comparing, can: [] }
    engine.play({ [run]: [ok(last), ok(last), ok(finished())] })
    const screen = new PaperScreen()
    const clock = new PaperClock(began)
    clock.during(1, () => ['p', 'r', 'y', 'x'].forEach(key => screen.press(key)))
    assert.equal((await say('watch R-7', { screen, clock })).code, exitCodes.fine)
    assert.ok(engine.lines.every(line => line === run))
  })

  for (const [key, expected] of [
    ['d', exitCodes.fine],
    ['ctrl-c', exitCodes.interrupted],
  ] as const) {
    test(`${key} detaches with ${expected}, and says how to come back`, async () => {
      engine.play({ [run]: [ok(comparing)] })
      const screen = new PaperScreen()
      const clock = new PaperClock(began)
      clock.during(2, () => screen.press(key))
      const { code, error } = await say('watch R-7', { screen, clock })
      assert.equal(code, expected)
      assert.equal(error, 'Detached: R-7 goes on without you. Come back with: npx cutover watch R-7\n')
      assert.equal(screen.listener, null)
    })
  }

  test('an engine that is away shows as a line of the picture', async () => {
    engine.play({ [run]: [ok(comparing), problem(503, 'engine_standby', 'another engine acts'), ok(finished())] })
    const screen = new PaperScreen()
    const { error } = await say('watch R-7', { screen })
    assert.equal(error, '')
    assert.ok(screen.pictures.some(picture => /another engine acts; trying again for 10 s/.test(picture)))
  })

  test('counts the rows that a line takes once the terminal is narrower', async () => {
    engine.play({ [run]: [ok(comparing), ok(comparing), ok(finished())] })
    const screen = new PaperScreen()
    const clock = new PaperClock(began)
    clock.during(1, () => (screen.columns = 40))
    await say('watch R-7', { screen, clock })
    const [first = ''] = screen.pictures
    const rows = first
      .split('\n')
      .slice(0, -1)
      .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 40)), 0)
    assert.equal(screen.climbs[0], rows)
  })
})

describe('watch without a terminal', () => {
  test('tells one line per change on stderr, in ASCII and without colours', async () => {
    const views = [aRun({ done: 1, open: { state: 'applying' } }), comparing, comparing, { ...comparing, eta_ms: 13_000 }, finished()]
    engine.play({ [run]: views.map(view => ok(view)) })
    const { code, error, out } = await say('watch R-7', { clock: new PaperClock(began + 3_000) })
    assert.equal(code, exitCodes.fine)
    assert.deepEqual(error.trimEnd().split('\n'), [
      'R-7   3.0 s  Running: step 2 (2 of 8), 3 s so far.',
      'R-7   3.0 s  1 register done in 2.0 s',
      'R-7   3.0 s  2 deploy applying (Give bonuses an empty consumer)',
      'R-7   3.3 s  2 deploy done in 2.0 s',
      'R-7   3.3 s  3 produce done in 2.0 s',
      'R-7   3.3 s  4 parity settling (Check that all of it works: compare the effects): 312 of 500 pairs, 24 a second',
      'R-7    38 s  Finished in 38 s: COMM-040 goes by event now. All of it can still be undone.',
      'R-7    38 s  4 parity done in 2.0 s',
      'R-7    38 s  4a deploy done in 2.0 s',
      'R-7    38 s  5 route done in 2.0 s',
      'R-7    38 s  5a drained done in 2.0 s',
    ])
    assert.match(out, /^Finished in 38 s/)
    assert.match(`${error}${out}`, /^[\n\u0020-\u007e]+$/)
  })

  test('tells a service that is away once, and again when it is another', async () => {
    const away = (service: string) => ({ ...comparing, waits_for: { code: 'service_away', params: { service, reason: 'ECONNREFUSED' } } })
    engine.play({ [run]: [ok(comparing), ok(away('bonuses')), ok(away('bonuses')), ok(finished())] })
    const { error } = await say('watch R-7')
    assert.equal(error.match(/bonuses does not answer: ECONNREFUSED/g)?.length, 1)
  })

  for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    test(`a terminal with ${Object.keys(environment).join()} gets lines as well`, async () => {
      engine.play({ [run]: [ok(comparing), ok(finished())] })
      const screen = new PaperScreen()
      const { error } = await say('watch R-7', { screen, environment })
      assert.match(error, /4 parity settling/)
      assert.equal(screen.written, '')
    })
  }

  test('Ctrl-C detaches with 130', async () => {
    engine.play({ [run]: [ok(comparing)] })
    const clock = new PaperClock(began)
    const { code, error } = await say('watch R-7', { clock, onInterrupt: interrupt => clock.during(2, interrupt) })
    assert.equal(code, exitCodes.interrupted)
    assert.match(error, /Detached: R-7 goes on without you\. Come back with: npx cutover watch R-7\n$/)
  })

  test('Ctrl-C with --json still leaves one document', async () => {
    engine.play({ [run]: [ok(comparing)] })
    const clock = new PaperClock(began)
    const { code, out, error } = await say('watch R-7 --json', { clock, onInterrupt: interrupt => clock.during(2, interrupt) })
    assert.equal(code, exitCodes.interrupted)
    assert.equal(JSON.parse(out).state, 'waiting')
    assert.equal(error, '')
  })

  test('a run that goes back may end reverted; one that went forward may not', async () => {
    engine.play({ [run]: [ok(aRun({ heading: 'back', done: 2, open: { state: 'reverting' } })), ok(reverted())] })
    assert.equal((await say('watch R-7')).code, exitCodes.fine)
    engine.play({ [run]: [ok(comparing), ok(reverted())] })
    const { code, error } = await say('watch R-7')
    assert.equal(code, exitCodes.reverted)
    assert.match(error, /R-7 has gone back: COMM-040 goes by HTTP as before\n {2}see why with: npx cutover history --run R-7/)
  })
})
