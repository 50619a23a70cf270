import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LensReport } from '@cutover/engine/api/plan'
import { commandLine } from '../tests/command-line.ts'
import { aPlan, aRun, finished, reverted } from '../tests/paper-plan.ts'
import { ok, problem } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const change = { plan: 'X-1', link: 'X-1', from: 'old', to: 'new' } as const
const plan = 'GET /api/plans/X-1'
const apply = 'POST /api/plans/X-1/apply'

describe('a change', () => {
  test('is planned by its name, and what to type next names no route', async () => {
    engine.play({ [plan]: [ok(aPlan(change))] })
    const { code, out } = await say('plan X-1')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /\nApply it with: npx cutover apply X-1\n/)
    assert.doesNotMatch(out, /apply X-1 --to/)
  })

  test('is applied without a route, and said to be made', async () => {
    engine.play({ [plan]: [ok(aPlan(change))], [apply]: [ok(aRun(change))] })
    const { code, out } = await say('apply X-1')
    assert.equal(code, exitCodes.fine)
    assert.deepEqual(engine.requests.at(-1), { line: apply, body: { hash: aPlan().hash } })
    assert.match(out, /X-1 moves from its old form to its new form/)
  })

  test('that is made already, or has been undone, says so in words of its own', async () => {
    engine.play({ [plan]: [ok(aPlan({ ...change, from: 'new' }))] })
    const nothing = await say('apply X-1')
    assert.equal(nothing.code, exitCodes.held)
    assert.match(nothing.error, /X-1 has been made already/)
    for (const [run, words] of [
      [finished(), /X-1 has its new form now\. All of it can still be undone/],
      [reverted(), /X-1 has its old form as before/],
    ] as const) {
      engine.play({ 'GET /api/runs/R-7': [ok({ ...run, ...change })] })
      assert.match((await say('run show R-7')).out.replaceAll(/\s+/g, ' '), words)
    }
  })
})

describe('lens report', () => {
  const line = 'GET /api/lenses/X-1/report'
  const table = { service: 'people', table: 'person', column: 'name', rows: 12, equal: 12, raw: 2 }
  const nothing = { rows: 0, keys: [] }
  const flags = { leading_space: { rows: 5, keys: ['p1', 'p2', 'p3', 'p4', 'p5'] } }
  const fine: LensReport = { change: 'X-1', ok: true, tables: [{ ...table, broken: nothing, flags }] }

  test('says in one sentence that nothing is changed, then counts, then what to look at by its keys', async () => {
    engine.play({ [line]: [ok(fine)] })
    const { code, out } = await say('lens report X-1')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /^X-1: 12 values looked at, all of them come back to the byte; 2 keep their text beside the parts\.\n/)
    assert.match(out, /people +person\.name +12 +12 +2 +0/)
    assert.match(out, /leading_space: 5 rows of person in people: p1, p2, p3 and 2 more/)
  })

  test('ends with 3 where anything would be changed, and names it', async () => {
    const broken: LensReport = { ...fine, ok: false, tables: [{ ...table, equal: 11, broken: { rows: 1, keys: ['p9'] }, flags: {} }] }
    engine.play({ [line]: [ok(broken)] })
    const { code, out } = await say('lens report X-1')
    assert.equal(code, exitCodes.checkFailed)
    assert.match(out, /1 would be changed/)
    assert.match(out, /changed: 1 row of person in people: p9/)
    engine.play({ [line]: [ok(broken)] })
    const json = await say('lens report X-1 --json')
    assert.deepEqual([json.code, JSON.parse(json.out)], [exitCodes.checkFailed, broken])
  })

  test('of a change that there is not ends with 64, and asks for nothing that is no name', async () => {
    engine.play({ [line]: [problem(404, 'plan_unknown', 'there is no change "X-1". Changes: US-160')] })
    const { code, error } = await say('lens report X-1')
    assert.equal(code, exitCodes.usage, error)
    assert.match(error, /Changes: US-160/)
    engine.play({})
    assert.equal((await say('lens report X/1')).code, exitCodes.usage)
    assert.equal((await say('lens')).code, exitCodes.usage)
    assert.deepEqual(engine.lines, [])
  })
})
