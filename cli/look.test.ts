import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { aGate, aPlan, aRun, began, finished, reverted } from '../tests/paper-plan.ts'
import { PaperScreen } from '../tests/paper-terminal.ts'
import { ok } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'
import { widthOf } from './print.ts'

const { engine, say } = commandLine()
const at = new Date(began).toISOString()

describe('plan', () => {
  const plan = 'GET /api/plans/COMM-040'
  const refusal = { step: '5', verb: 'route', about: 'consumer COMM-040', wanted: ['acting', 'retired'], found: 'recording' }

  test('shows the written steps by their numbers, the added ones with why, and the point of no return between steps', async () => {
    engine.play({ [plan]: [ok(aPlan())] })
    const { code, out } = await say('plan COMM-040')
    assert.equal(code, exitCodes.fine)
    assert.match(
      out,
      /^COMM-040, a right .*\n8 steps, 2 of them added, 4 deployments, 1 point of no return\.\nIt follows docs\/procedures\.md: Procedure 3\. /,
    )
    const heads = [...out.matchAll(/^(\d\w? +\S.*)$/gm)].map(match => (match[1] ?? '').replace(/ .*/, ''))
    assert.deepEqual(heads, ['8', '1', '2', '3', '4', '4a', '5', '5a', '6'])
    assert.match(out, /^4a {2}Move the business logic into the consumer \(added\)\n {4}why added {4}The written procedure moves/m)
    assert.match(out, /^5a .*\n(?: {4}.*\n)+\n-- point of no return -+\napply ends here, .*\n(?:.+\n)*\n6 /m)
    assert.match(out, /inverse {6}take TaskCompleted v0 out of the registry/)
    assert.match(out, /inverse {6}none needed: it changes nothing/)
    assert.match(out, /\nApply it with: npx cutover apply COMM-040 --to event\nThis plan and no other: --hash 3f2a9c41d0\n$/)
  })

  test('prints the plan unchanged with --json', async () => {
    engine.play({ [`${plan}?to=event`]: [ok(aPlan())] })
    assert.deepEqual(JSON.parse((await say('plan COMM-040 --to event --json')).out), aPlan())
  })

  test('shows refusals with step and missing condition, and ends with 3', async () => {
    engine.play({ [plan]: [ok(aPlan({ refusals: [refusal] }))] })
    const { code, out, error } = await say('plan COMM-040 --detailed-exitcode')
    assert.equal(code, exitCodes.checkFailed)
    assert.match(
      out,
      /Refused: .*\n {2}step 5 \(route\): "consumer COMM-040" must be acting or retired there, and would\n {2}be recording\n/,
    )
    assert.match(out, /Mend that, then look again with: npx cutover plan COMM-040 --to event\n$/)
    assert.match(error, /the plan is refused: step 5 \(route\)/)
  })

  test('of a link that a run holds names the run', async () => {
    engine.play({ [plan]: [ok(aPlan({ run: 'R-7', refusals: [refusal] }))] })
    const { code, out } = await say('plan COMM-040')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /Run R-7 holds COMM-040\. See it with: npx cutover run show R-7\n$/)
  })

  test('tells by its exit code whether there is something to do', async () => {
    engine.play({ [plan]: [ok(aPlan())] })
    assert.equal((await say('plan COMM-040 --detailed-exitcode')).code, exitCodes.changes)
    engine.play({ [plan]: [ok(aPlan({ from: 'event', refusals: [refusal] }))] })
    for (const line of ['plan COMM-040', 'plan COMM-040 --detailed-exitcode']) {
      const nothing = await say(line)
      assert.deepEqual([nothing.code, nothing.error], [exitCodes.fine, ''])
      assert.match(nothing.out, /^COMM-040 is on event already: nothing to do\. To move it: npx cutover plan COMM-040 --to http\n$/)
    }
  })

  test('refuses a route that there is not', async () => {
    assert.equal((await say('plan COMM-040 --to kafka')).code, exitCodes.usage)
  })
})

describe('links', () => {
  test('fit the terminal: columns that can be spared go, titles are cut', async () => {
    const row = {
      from: 'management',
      to: 'hiring',
      kind: 'business',
      route: 'http',
      rate: 5.2,
      title: 'The credit for a right answer, to its creator',
    }
    const rows = [{ ...row, link: 'COMM-040', epoch: 3, facts: 10, open: 4, shadow: true, run: 'R-7', note: null }]
    const shared = {
      ...row,
      link: 'COMM-050',
      route: 'event',
      share: 5,
      epoch: 3,
      facts: 10,
      open: 4,
      shadow: true,
      run: 'R-8',
      note: null,
    }
    engine.play({ 'GET /api/links': [ok([...rows, shared])] })
    const screen = new PaperScreen()
    for (const columns of [80, 120]) {
      screen.columns = columns
      const { out } = await say('links', { screen })
      assert.ok(widthOf(out) <= columns, out)
      assert.match(out, /COMM-040 .* http +5\.2\/s +4 +on +R-7/)
      assert.match(out, /COMM-050 .* event 5 % +5\.2\/s +4 +on +R-8/)
    }
  })
})

describe('runs', () => {
  test('show where each stands, and on top whether any needs a person', async () => {
    const failed = aRun({ run: 'R-6', done: 3, state: 'failed', open: { state: 'failed', gate: aGate() } })
    engine.play({ 'GET /api/runs': [ok([aRun({ done: 2, open: { state: 'settling' } }), failed, reverted({ run: 'R-5' })])] })
    const { out } = await say('runs')
    assert.match(out, /^3 runs: 1 under way, 1 needs you\.\n/)
    assert.match(out, /R-7 +COMM-040 +event +running +2\/8 +1 min 0 s +2026-01-31 09:30:00Z +-/)
    assert.match(out, /R-6 .* failed .* 312 of 500 pairs, 24 a second/)
    const screen = new PaperScreen()
    assert.ok(widthOf((await say('runs', { screen })).out) <= 80)
  })

  test('say how to begin one when there is none', async () => {
    engine.play({ 'GET /api/runs': [ok([])] })
    assert.match((await say('runs')).out, /^No run yet\. Begin one with: npx cutover plan LINK/)
  })

  test('run show tells the facts of one, and the orders that it takes', async () => {
    engine.play({ 'GET /api/runs/R-7': [ok(finished({ until: '4' }))] })
    const { out } = await say('run show R-7')
    assert.match(out, /Finished in 38 s/)
    assert.match(
      out,
      /Begun by operator at 2026-01-31T09:30:00\.000Z; pauses after step 4\.\nIt takes these orders now:\n {2}npx cutover revert R-7\n {2}npx cutover complete R-7\n$/,
    )
    assert.deepEqual(JSON.parse((await say('run show R-7 --json')).out), finished({ until: '4' }))
  })
})

describe('history', () => {
  const row = {
    number: 9,
    at,
    who: 'engine',
    action: 'gate passed',
    link: 'COMM-040',
    run: 'R-7',
    step: '4 parity',
    term: 4,
    numbers: { pairs: 512, different: 0 },
    hash: 'h',
  }

  test('asks for what was named, and shows the numbers that the gates saw', async () => {
    engine.play({ 'GET /api/history?limit=5&link=COMM-040&run=R-7': [ok({ intact: true, rows: [row] })] })
    const { code, out } = await say('history --link COMM-040 --run R-7 --limit 5')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /^1 line, newest first; chain intact\.\n/)
    assert.match(out, /9 +2026-01-31 09:30:00Z +engine +COMM-040 +R-7 +4 parity +gate passed +pairs 512, different 0/)
  })

  test('ends with 3 when its chain is broken', async () => {
    engine.play({ 'GET /api/history?limit=20': [ok({ intact: false, rows: [row] })] })
    const { code, out, error } = await say('history')
    assert.equal(code, exitCodes.checkFailed)
    assert.match(out, /chain broken/)
    assert.match(error, /a line was changed or taken out/)
  })

  for (const line of ['history --limit 0', 'history --limit 1000', 'history --run 7', 'history --link a/b']) {
    test(`refuses "${line}"`, async () => assert.equal((await say(line)).code, exitCodes.usage))
  }
})

describe('parity', () => {
  const totals = {
    link: 'COMM-040',
    since_epoch: 3,
    facts: 512,
    equal: 510,
    different: 1,
    missing: 1,
    extra: 0,
    late: 3,
    undecided: 12,
    rate: 24.1,
  }
  const pair = {
    key: 't-17:c-5',
    fact_id: 'f-1',
    verdict: 'different',
    by_http: { account: 'c-5', amount: 1_000, note: null },
    by_event: { account: 'c-5', amount: 2_500 },
    acted_at: at,
    recorded_at: null,
  }
  const pairs = 'GET /api/parity/COMM-040/pairs'

  test('shows totals and pairs, and asks for one verdict', async () => {
    engine.play({ 'GET /api/parity/COMM-040': [ok(totals)], [`${pairs}?verdict=different`]: [ok([pair])] })
    const { code, out } = await say('parity COMM-040 --verdict different')
    assert.equal(code, exitCodes.fine)
    assert.match(
      out,
      /^COMM-040: 512 facts compared since epoch 3, 24\.1 a second; 2 differences\.\n510 equal, 1 different, 1 missing, 0 extra, 3 late, 12 undecided\.\n/,
    )
    assert.match(out, /different +09:30:00\.000 +- +t-17:c-5/)
  })

  test('shows both sides of one pair, and marks what differs', async () => {
    engine.play({ 'GET /api/parity/COMM-040': [ok(totals)], [`${pairs}?key=t-17%3Ac-5`]: [ok([pair])] })
    const { out } = await say('parity COMM-040 --key t-17:c-5')
    assert.match(out, /different: t-17:c-5, fact f-1\n/)
    assert.match(out, /\n {3}account +c-5 +c-5\n! {2}amount +1000 +2500\n! {2}note +null +absent\n {3}at +2026\S+ +not yet\n$/)
  })

  test('marks every field when one side has nothing', async () => {
    engine.play({ 'GET /api/parity/COMM-040': [ok(totals)], [`${pairs}?key=k`]: [ok([{ ...pair, verdict: 'missing', by_event: null }])] })
    assert.match((await say('parity COMM-040 --key k')).out, /! {2}account +c-5 +nothing\n! {2}amount +1000 +nothing/)
  })

  test('says when nothing is compared, and prints both answers as one with --json', async () => {
    engine.play({ 'GET /api/parity/COMM-040': [ok({ ...totals, since_epoch: null })], [pairs]: [ok([])] })
    assert.match((await say('parity COMM-040')).out, /^Nothing is compared on COMM-040 now/)
    assert.deepEqual(JSON.parse((await say('parity COMM-040 --json')).out), { ...totals, since_epoch: null, pairs: [] })
  })

  test('refuses a key that has no pair, and a verdict that there is not', async () => {
    engine.play({ 'GET /api/parity/COMM-040': [ok(totals)], [`${pairs}?key=k`]: [ok([])] })
    const unknown = await say('parity COMM-040 --key k')
    assert.equal(unknown.code, exitCodes.usage)
    assert.match(unknown.error, /COMM-040 has no pair with the key k/)
    assert.equal((await say('parity COMM-040 --verdict fine')).code, exitCodes.usage)
  })
})

describe('certificates', () => {
  const certificate = {
    link: 'COMM-040',
    route: 'http',
    run: 'R-7',
    state: 'valid',
    epoch: 4,
    issued: 1_024,
    terminal: 1_024,
    late: 3,
    issued_at: at,
    expires_at: at,
    revoked_at: null,
    revoked_by: null,
  }
  const params = { link: 'COMM-040', route: 'http', service: 'bonuses', fact: 'f-9', epoch: 3, strays: 1 }
  const revoked = { ...certificate, state: 'revoked', revoked_at: at, revoked_by: { code: 'certificate_stray', params } }
  const all = 'GET /api/certificates'

  test('are listed with what was counted, and until when they hold', async () => {
    engine.play({ [all]: [ok([certificate])] })
    const { code, out } = await say('certificates')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /^1 certificate, the latest first\.\n/)
    assert.match(out, /COMM-040 +http +R-7 +valid +4 +1024 +1024 +3 +2026-01-31 09:30Z +2026-01-31 09:30Z/)
    engine.play({ [all]: [ok([])] })
    assert.match((await say('certificates')).out, /^No link was certified as drained yet\./)
  })

  test('of one link end with 3 when one was revoked, and say what strayed', async () => {
    engine.play({ [`${all}?link=COMM-040`]: [ok([revoked, certificate])] })
    const { code, out, error } = await say('certificates COMM-040')
    assert.equal(code, exitCodes.checkFailed)
    assert.match(
      out,
      /revoked 2026-01-31 09:30Z: fact f-9 of epoch 3 came to bonuses by http after COMM-040 was certified as drained of it/,
    )
    assert.match(error, /1 certificate revoked: COMM-040 of R-7\n.*history --link COMM-040/)
    assert.deepEqual(JSON.parse((await say('certificates COMM-040 --json')).out), [revoked, certificate])
  })

  test('are refused for what is no link', async () => assert.equal((await say('certificates a/b')).code, exitCodes.usage))
})
