import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DoctorReport } from '@cutover/engine/api/doctor'
import type { TraceAnswer } from '@cutover/engine/api/trace'
import { commandLine } from '../tests/command-line.ts'
import { PaperScreen } from '../tests/paper-terminal.ts'
import { ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'
import { widthOf } from './print.ts'

const { engine, say } = commandLine()

describe('doctor', () => {
  const line = 'GET /api/doctor'
  const fine: DoctorReport = { ok: true, checks: 50, findings: [], took_ms: 120 }
  const ill: DoctorReport = {
    ok: false,
    checks: 50,
    took_ms: 240,
    findings: [
      {
        code: 'epoch_behind',
        severity: 'broken',
        where: 'hiring',
        params: { service: 'hiring', epoch: 3, seen: 8, by: 'bonuses\u001b[31m' },
        commands: ['npx cutover epoch hiring --raise'],
      },
      {
        code: 'ledger_unknown',
        severity: 'unknown',
        where: 'bonuses',
        params: { service: 'bonuses', reason: 'timeout' },
        commands: ['npx cutover status'],
      },
      { code: 'topic_unowned', severity: 'warning', where: 'a.b', params: { topic: 'a.b' }, commands: [] },
      {
        code: 'route_unexplained',
        severity: 'warning',
        where: 'COMM-040',
        params: { link: 'COMM-040', route: 'event', wanted: 'http', by: 'R-7' },
        commands: ['npx cutover switch COMM-040 --to http', 'npx cutover verify'],
      },
    ],
  }

  test('says how much it has looked at when everything is as wanted', async () => {
    engine.play({ [line]: [ok(fine)] })
    const { code, out, error } = await say('doctor')
    assert.deepEqual([code, out, error], [exitCodes.fine, 'Everything is as wanted: 50 checks in 0.1 s.\n', ''])
  })

  test('groups by severity, says found, wanted and the command, and ends with 1', async () => {
    engine.play({ [line]: [ok(ill)] })
    const { code, out, error } = await say('doctor')
    assert.equal(code, exitCodes.failed)
    assert.match(out, /^4 differences: 50 checks in 0\.2 s\.\n\nBroken: .*\n\nhiring \(epoch_behind\)\n/)
    assert.match(
      out,
      / {2}found {3}hiring stands at epoch 3, and its epoch 8 is known \(bonuses \[31m\): it sends nothing\n {2}wanted {2}an epoch never falls\n {2}repair {2}npx cutover epoch hiring --raise\n/,
    )
    assert.ok(out.indexOf('Broken:') < out.indexOf('Unknown:') && out.indexOf('Unknown:') < out.indexOf('Warning:'))
    assert.match(out, / {2}repair {2}no command: a person has to decide\n/)
    assert.match(out, / {2}repair {2}npx cutover switch COMM-040 --to http\n {10}npx cutover verify\n/)
    assert.match(error, /^error: 4 differences found\n {2}run the commands above, .*npx cutover doctor/)
  })

  test('prints the report unchanged with --json, and ends with 1 all the same', async () => {
    engine.play({ [line]: [ok(ill)] })
    const { code, out } = await say('doctor --json')
    assert.deepEqual([code, JSON.parse(out)], [exitCodes.failed, ill])
  })

  test('fits the terminal; only commands stand on one line, however long', async () => {
    engine.play({ [line]: [ok(ill)] })
    const screen = new PaperScreen()
    screen.columns = 44
    const { out } = await say('doctor', { screen })
    const others = out.split('\n').filter(text => !text.includes('npx cutover') && !/^(Broken|Unknown|Warning)/.test(text))
    assert.ok(Math.max(...others.map(widthOf)) <= 44, others.join('\n'))
  })
})

describe('trace', () => {
  const line = 'POST /api/trace'
  const fact = '019a7c1e-5d2b-7e3a-9c4f-1b2a3c4d5e6f'
  const at = '2026-01-31T09:30:08.123Z'
  const step = { link: 'COMM-040', params: {} } as const
  const answer: TraceAnswer = {
    id: 'TaskCompleted:t:c',
    cut: false,
    away: [],
    rows: [],
    facts: [
      {
        fact,
        event: 'TaskCompleted',
        key: 'TaskCompleted:t:c',
        lines: [
          {
            ...step,
            at,
            service: 'hiring',
            link: null,
            code: 'stated',
            params: { event: 'TaskCompleted', version: '0', key: 'TaskCompleted:t:c', position: '7' },
            file: 'cutover/outbox/append.ts',
          },
          {
            ...step,
            at: null,
            service: 'hiring',
            code: 'published',
            params: { topic: 'hiring.task-completed', partition: '3' },
            file: 'cutover/relay/event-lane.ts',
          },
        ],
        now: [
          {
            link: 'COMM-040',
            terminal: false,
            code: 'now_parked',
            params: { service: 'bonuses', waits_for: 'capability:act:COMM-040' },
            commands: ['npx cutover deploy bonuses --add act:COMM-040'],
          },
        ],
      },
    ],
  }

  test('tells the way line by line, with times and files of code, and what helps', async () => {
    engine.play({ [line]: [ok(answer)] })
    const { code, out } = await say('trace TaskCompleted:t:c')
    assert.equal(code, exitCodes.fine)
    assert.deepEqual(engine.requests[0]?.body, { id: 'TaskCompleted:t:c' })
    assert.match(out, new RegExp(`^${fact}, TaskCompleted, TaskCompleted:t:c\n\nat `))
    assert.match(
      out,
      /2026-01-31 09:30:08\.123Z {2}hiring {3}- +cutover\/outbox\/append\.ts +committed TaskCompleted v0 with its business row/,
    )
    assert.match(out, /\n- +hiring {3}COMM-040 +cutover\/relay\/event-lane\.ts +published on hiring\.task-completed, partition 3/)
    assert.match(
      out,
      /COMM-040 now: waits in bonuses for capability:act:COMM-040\n {2}help with: npx cutover deploy bonuses --add act:COMM-040\n$/,
    )
  })

  test('says what is missing: services that were away, and facts that were not looked through', async () => {
    engine.play({ [line]: [ok({ ...answer, cut: true, away: [{ service: 'bonuses', reason: 'timeout' }] })] })
    const { out } = await say('trace t')
    assert.match(out, /There may be more: .*\n\nWhat bonuses knows is missing: timeout\n$/)
  })

  test('prints the answer unchanged with --json', async () => {
    engine.play({ [line]: [ok(answer)] })
    assert.deepEqual(JSON.parse((await say('trace t --json')).out), answer)
  })

  test('of an id that nobody knows ends with 64, and of one that is none is not asked at all', async () => {
    engine.play({ [line]: [problem(404, 'trace_unknown', 'no fact, key, entity, trace, dead letter or run has the id x')] })
    const { code, error, out } = await say('trace x')
    assert.deepEqual([code, out], [exitCodes.usage, ''])
    assert.match(error, /no fact, key, entity.* has the id x\n {2}check the id/)
    engine.play({})
    assert.equal((await say('trace x%y')).code, exitCodes.usage)
    assert.deepEqual(engine.lines, [])
  })
})

describe('what repairs', () => {
  const view = { service: 'hiring', epoch: 3, seen: 8, by: 'bonuses', away: [], raised: false }

  test('epoch shows how it stands, and raises it when it is told to', async () => {
    engine.play({
      'GET /api/services/hiring/epoch': [ok(view)],
      'POST /api/services/hiring/epoch': [ok({ ...view, epoch: 9, raised: true })],
    })
    assert.match(
      (await say('epoch hiring')).out,
      /^Behind: hiring stands at epoch 3, and epoch 8 of it is known \(bonuses\): .*\nRaise it with: npx cutover epoch hiring --raise\n$/,
    )
    assert.match((await say('epoch hiring --raise')).out, /^Raised the epoch of hiring to 9: it sends again/)
    assert.match((await say('epoch hiring --raise --at-least 20')).out, /^Raised/)
    assert.deepEqual(
      engine.requests.map(one => one.body),
      [null, {}, { at_least: 20 }],
    )
    engine.play({})
    for (const wrong of [
      'epoch',
      'epoch hiring --at-least 5',
      'epoch hiring --raise --at-least 0',
      'epoch hiring --raise --at-least 1.5',
      'epoch a/b',
    ])
      assert.equal((await say(wrong)).code, exitCodes.usage, wrong)
    assert.deepEqual(engine.lines, [])
  })

  test('epoch says who could not be asked', async () => {
    engine.play({ 'GET /api/services/hiring/epoch': [ok({ ...view, seen: 3, by: 'itself', away: ['bonuses'] })] })
    assert.equal(
      (await say('epoch hiring')).out,
      'hiring stands at epoch 3, and nobody has seen a higher one. bonuses could not be asked.\n',
    )
  })

  test('deploy orders capabilities, and says how far it is', async () => {
    const answered = { service: 'bonuses', add: ['act:COMM-040'], remove: [], instances: 2, deployed: 1 }
    engine.play({ 'POST /api/services/bonuses/deploy': [ok(answered)] })
    assert.match((await say('deploy bonuses --add act:COMM-040 --add serve:COMM-050')).out, /^Deploying bonuses: 1 of 2 instances so far/)
    assert.deepEqual(engine.requests[0]?.body, { add: ['act:COMM-040', 'serve:COMM-050'], remove: [] })
    engine.play({})
    for (const wrong of ['deploy bonuses', 'deploy bonuses --add COMM-040', 'deploy bonuses --add fly:COMM-040', 'deploy'])
      assert.equal((await say(wrong)).code, exitCodes.usage, wrong)
    assert.deepEqual(engine.lines, [])
  })

  test('topic and copy say what to do with them', async () => {
    engine.play({
      'POST /api/events/TaskCompleted/topic': [ok({ event: 'TaskCompleted', state: 'open' })],
      'POST /api/links/COMM-070/copy': [ok({ link: 'COMM-070', state: 'present', rows: 3 })],
    })
    assert.match((await say('topic TaskCompleted --open')).out, /^The topic of TaskCompleted is open\./)
    assert.match((await say('copy COMM-070 --restore')).out, /^The copy of COMM-070 is there, with 3 rows\./)
    for (const change of ['create', 'fill']) assert.match((await say(`copy COMM-070 --${change}`)).out, /^The copy/)
    assert.deepEqual(
      engine.requests.map(one => one.body),
      [{}, { do: 'restore' }, { do: 'create' }, { do: 'fill' }],
    )
    engine.play({})
    for (const wrong of ['topic TaskCompleted', 'topic --open', 'copy COMM-070', 'copy COMM-070 --create --restore'])
      assert.equal((await say(wrong)).code, exitCodes.usage, wrong)
    assert.deepEqual(engine.lines, [])
  })
})
