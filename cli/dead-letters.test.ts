import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeadLetterGroup, DeadLetterJob, DeadLettersAnswer, DeadLetterView } from '@cutover/engine/api/dead-letters'
import { commandLine } from '../tests/command-line.ts'
import { PaperScreen } from '../tests/paper-terminal.ts'
import { ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const at = '2026-01-01T10:00:00.000Z'
const cause = '3f9a0c1be2d4'

const group: DeadLetterGroup = {
  service: 'bonuses',
  side: 'receive',
  link: 'COMM-040',
  event: 'TaskCompleted',
  version: 0,
  code: 'handler_error',
  cause,
  text: 'column <text> cannot be null',
  open: 3,
  replaying: 0,
  first_at: at,
  last_at: at,
  sample: 'bonuses:17',
  money: true,
}
const groups = (more: Partial<DeadLettersAnswer> = {}): DeadLettersAnswer => ({
  groups: [group],
  totals: { open: 3, replaying: 0, resolved: 9, written_off: 1 },
  away: [],
  ...more,
})

const aJob = (more: Partial<DeadLetterJob> = {}): DeadLetterJob => ({
  job: 'bonuses:j3',
  service: 'bonuses',
  kind: 'replay',
  state: 'running',
  needs: [],
  total: 3,
  left: 3,
  outcomes: {},
  rate: 50,
  reason: null,
  who: 'operator',
  approver: null,
  trouble: null,
  asked_at: at,
  approved_at: null,
  ended_at: null,
  ...more,
})

const letter: DeadLetterView = {
  id: 'bonuses:17',
  service: 'bonuses',
  side: 'receive',
  link: 'COMM-040',
  fact_id: '01980000-0000-7000-8000-000000000001',
  event: 'TaskCompleted',
  version: 0,
  code: 'handler_error',
  cause,
  text: group.text,
  attempts: 5,
  state: 'open',
  job: null,
  first_at: at,
  last_at: at,
  edited: true,
  money: true,
  origin: 'topic/0/41',
  error: 'column "x" cannot be null\u001b[31m\n  at post (ledger.ts:1)',
  original: {
    value: null,
    headers: { 'cutover-version': '0' },
    size: 12,
    errors: [{ pointer: '/payload/task_id', code: 'required', detail: 'is missing' }],
  },
  edit: {
    author: 'operator',
    reason: 'ticket 81',
    at,
    touches: ['effect'],
    changed: ['/payload/task_id'],
    message: { value: { payload: { task_id: 't1', name: '***' } }, headers: {}, size: 40, errors: [] },
  },
  history: [{ at, what: 'replay', who: 'operator', approver: null, job: 'bonuses:j2', outcome: 'failed', detail: null }],
}

const list = 'GET /api/dead-letters'
const show = 'GET /api/dead-letters/letters/bonuses%3A17'
const replay = 'POST /api/dead-letters/replay'
const writeOff = 'POST /api/dead-letters/write-off'
const job = 'GET /api/dead-letters/jobs/bonuses%3Aj3'
/** The order as it was sent. */
const sent = (): { request: string; [field: string]: unknown } =>
  (engine.requests[0] ?? assert.fail('nothing was sent')).body as { request: string }
const ordered = (...jobs: DeadLetterJob[]) => ok({ jobs, away: [] })

describe('the list', () => {
  test('shows what failed of what, how many there ever were, and who does not answer', async () => {
    engine.play({ [list]: [ok(groups({ away: ['hiring'] }))] })
    for (const line of ['dead-letters', 'dlq']) {
      const { code, out } = await say(line)
      assert.equal(code, exitCodes.fine)
      assert.match(out, /^13 dead letters ever: 3 open, 0 being replayed, 9 resolved, 1 written off\./)
      assert.match(out, /Not known: hiring does not answer/)
      assert.match(out, /3f9a0c1be2d4 +COMM-040 +bonuses receive +TaskCompleted v0 +3 /)
      assert.match(out, /npx cutover dlq show bonuses:17/)
    }
    const { out } = await say('dlq --json')
    assert.deepEqual(JSON.parse(out).groups[0].cause, cause)
  })

  test('of nothing is fine', async () => {
    engine.play({ [list]: [ok(groups({ groups: [] }))] })
    assert.match((await say('dlq')).out, /^No dead letter is open\./)
  })
})

describe('show', () => {
  test('one letter: what is wrong, what was changed, what happened; nothing that moves the cursor', async () => {
    engine.play({ [show]: [ok(letter)] })
    const { code, out } = await say('dlq show bonuses:17')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /12 bytes, hidden whole/)
    assert.match(out, /wrong \/payload\/task_id: is missing \(required\)/)
    assert.match(out, /Edited by operator .*: ticket 81\n {2}changed: \/payload\/task_id\n {2}needs a second person: it touches effect/)
    assert.match(out, /"name": "\*\*\*"/)
    assert.match(out, /replay: bonuses:j2; operator; failed/)
    // oxlint-disable-next-line no-control-regex -- it is what is looked for
    assert.doesNotMatch(out, /\u001b/)
  })

  test('the letters of a cause, from every service that has any', async () => {
    const { original: _, edit: __, history: ___, ...row } = letter
    engine.play({
      [list]: [ok(groups())],
      [`GET /api/dead-letters/letters?service=bonuses&cause=${cause}&limit=50`]: [ok({ letters: [row], next: null })],
    })
    const { out } = await say(`dlq show ${cause}`)
    assert.match(out, /^1 dead letter, the oldest first/)
    assert.match(out, /bonuses:17 +COMM-040 +open/)
    assert.equal((await say('dlq show 000000000000')).code, exitCodes.usage)
  })
})

describe('edit', () => {
  test('sends what is set, as JSON where it is JSON, and what is taken out', async () => {
    engine.play({ 'POST /api/dead-letters/letters/bonuses%3A17/edit': [ok(letter)] })
    const line =
      'dlq edit bonuses:17 --set /payload/task_id=t1 --set /payload/tries=7 --set /headers/cutover-stamps={"a":1} --remove /payload/x --reason ticket-81'
    assert.equal((await say(line)).code, exitCodes.fine)
    assert.deepEqual(engine.requests[0]?.body, {
      set: [
        { path: '/payload/task_id', value: 't1' },
        { path: '/payload/tries', value: 7 },
        { path: '/headers/cutover-stamps', value: { a: 1 } },
        { path: '/payload/x', remove: true },
      ],
      reason: 'ticket-81',
    })
  })

  test('tells every place that is wrong', async () => {
    const refusal = { ...problem(422, 'edit_invalid', 'bonuses: it would still be none'), status: 422 }
    engine.play({
      'POST /api/dead-letters/letters/bonuses%3A17/edit': [
        {
          ...refusal,
          body: { ...(refusal.body as object), errors: [{ pointer: '/payload/task_id', code: 'type', detail: 'must be of type string' }] },
        },
      ],
    })
    const { code, error } = await say('dlq edit bonuses:17 --set /payload/task_id=7 --reason ticket-81')
    assert.equal(code, exitCodes.usage)
    assert.match(error, /\/payload\/task_id: must be of type string/)
  })
})

describe('replay', () => {
  test('waits for the job, tells how it goes, and ends with what became of the letters', async () => {
    engine.play({
      [replay]: [ordered(aJob())],
      [job]: [ok(aJob({ left: 1, outcomes: { done: 2 } })), ok(aJob({ state: 'done', left: 0, outcomes: { done: 2, duplicate: 1 } }))],
    })
    const { code, out, error } = await say(`dlq replay --cause ${cause} --rate 5 --wait`)
    assert.equal(code, exitCodes.fine)
    assert.match(error, /bonuses:j3: 2 of 3/)
    assert.match(out, /bonuses:j3: replay of 3 dead letters, by operator: done\n {2}2 done, 1 duplicate/)
    const { request, ...body } = sent()
    assert.deepEqual(body, { selection: { cause }, rate: 5 })
    assert.match(request, /^[0-9a-f-]{36}$/)
  })

  test('an order whose answer was lost is given again under the same request', async () => {
    engine.play({ [replay]: ['lost', ordered(aJob())] })
    assert.equal((await say('dlq replay --all --no-wait')).code, exitCodes.fine)
    const [first, second] = engine.requests.map(({ body }) => (body as { request: string }).request)
    assert.ok(first !== undefined && first === second)
  })

  test('a dry run says how many would act, and fails where one would fail', async () => {
    const done = aJob({ kind: 'rehearsal', state: 'done', total: 10_000, left: 0, outcomes: { would_act: 9_812, duplicate: 188 } })
    engine.play({ [replay]: [ordered(done)] })
    const { code, out } = await say('dlq replay --link COMM-040 --dry-run')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /9,812 would act, 188 duplicate/)
    assert.deepEqual(sent()['dry_run'], true)
    engine.play({ [replay]: [ordered({ ...done, outcomes: { failed: 1 } })] })
    assert.equal((await say('dlq replay --link COMM-040 --dry-run')).code, exitCodes.checkFailed)
  })

  test('ends with 5 while a second person is needed, and with 3 when the first failed again', async () => {
    engine.play({ [replay]: [ordered(aJob({ state: 'waiting', needs: ['count'] }))] })
    const waiting = await say('dlq replay --all --json')
    assert.equal(waiting.code, exitCodes.waits)
    assert.equal(JSON.parse(waiting.out).jobs[0].state, 'waiting')
    assert.match(waiting.error, /npx cutover dlq approve bonuses:j3/)
    engine.play({ [replay]: [ordered(aJob({ state: 'held', left: 0, outcomes: { failed: 1, left: 2 }, trouble: 'canary_failed' }))] })
    const held = await say('dlq replay --all --wait')
    assert.equal(held.code, exitCodes.checkFailed)
    assert.match(held.out, /the first letter failed again, so the others were left alone/)
  })

  test('asks on a terminal, and orders nothing without a yes', async () => {
    engine.play({ [replay]: [ordered(aJob({ state: 'done', left: 0 }))] })
    const screen = new PaperScreen()
    assert.equal((await say('dlq replay bonuses:17 bonuses:18', { screen })).code, exitCodes.failed)
    assert.deepEqual([screen.questions, engine.lines], [['Replay bonuses:17, bonuses:18? [y/N] '], []])
    screen.answers.push('y')
    assert.equal((await say('dlq replay bonuses:17 bonuses:18', { screen })).code, exitCodes.fine)
    assert.deepEqual(sent()['selection'], { ids: ['bonuses:17', 'bonuses:18'] })
  })

  test('of what another job has, or is resolved, ends with 4', async () => {
    for (const code of ['dead_letter_claimed', 'already_resolved', 'dead_letters_none']) {
      engine.play({ [replay]: [problem(409, code, 'no')] })
      assert.equal((await say('dlq replay bonuses:17 --wait')).code, exitCodes.held, code)
    }
  })
})

describe('dismiss', () => {
  test('needs --yes where nobody can be asked, and a reason', async () => {
    engine.play({ [writeOff]: [ordered(aJob({ kind: 'write_off', state: 'waiting', needs: ['money'] }))] })
    assert.equal((await say('dlq dismiss bonuses:17 --reason test-data')).code, exitCodes.usage)
    assert.equal((await say('dlq dismiss bonuses:17 --yes')).code, exitCodes.usage)
    assert.deepEqual(engine.lines, [])
    const { code, out } = await say('dlq dismiss bonuses:17 --reason test-data --yes')
    assert.equal(code, exitCodes.waits)
    assert.match(out, /it waits for a second person \(a link of money\)/)
  })
})

describe('jobs', () => {
  test('all, one, stopped, and approved with the other person’s token', async () => {
    const done = aJob({ state: 'done', left: 0, outcomes: { written_off: 3 }, kind: 'write_off', approver: 'approver' })
    engine.play({
      'GET /api/dead-letters/jobs': [ok({ jobs: [done], away: [] })],
      [job]: [ok(done)],
      'POST /api/dead-letters/jobs/bonuses%3Aj3/approve': [ok(done)],
      'POST /api/dead-letters/jobs/bonuses%3Aj3/stop': [ok(aJob({ state: 'stopped' }))],
    })
    assert.match((await say('dlq jobs')).out, /bonuses:j3 +write-off +done +3 +0 /)
    assert.match((await say('dlq jobs bonuses:j3')).out, /by operator, approved by approver: done\n {2}3 written off/)
    assert.match((await say('dlq stop bonuses:j3')).out, /stopped/)
    assert.equal((await say('dlq approve bonuses:j3')).code, exitCodes.fine)
    assert.deepEqual([engine.tokens.at(-1), engine.tokens[0]], ['second', 'secret'])
  })
})

for (const [line, message] of [
  ['dlq replay', /which dead letters are meant is not clear/],
  ['dlq replay bonuses:17 --all', /is not clear/],
  ['dlq replay 17', /It must be a dead letter, for example bonuses:17/],
  ['dlq replay --cause x', /It must be a cause/],
  ['dlq replay --all --rate 0', /from 1 to 1000/],
  ['dlq show x', /It must be a cause/],
  ['dlq edit bonuses:17 --set payload=1 --reason because', /It must be PATH=VALUE/],
  ['dlq edit bonuses:17 --reason because', /nothing is to be changed/],
  ['dlq edit bonuses:17 --set /payload/a=1 --reason x', /a reason of 3 to 500/],
  ['dlq approve j3', /It must be a job/],
] as const) {
  test(`refuses "${line}" as wrong usage`, async () => {
    engine.play({})
    const { code, error } = await say(line)
    assert.equal(code, exitCodes.usage)
    assert.match(error, message)
    assert.deepEqual(engine.lines, [])
  })
}
