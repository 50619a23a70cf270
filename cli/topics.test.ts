import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { ok } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const list = 'GET /api/topics'
const order = 'POST /api/topics'
const row = {
  event: 'TaskCompleted',
  topic: 'hiring.task-completed',
  service: 'hiring',
  state: 'open',
  id: '7',
  partitions: 2,
  wanted: 2,
  since: null,
  touches: 0,
  bounds: [
    { partition: 0, start: '5', end: '25' },
    { partition: 1, start: '0', end: '10' },
  ],
  records: 30,
  readers: [{ link: 'COMM-040', service: 'bonuses', positions: [{ partition: 0, position: '21' }] }],
  needed_by: ['COMM-040'],
}
const outcome = {
  event: 'TaskCompleted',
  topic: 'hiring.task-completed',
  outcome: 'created',
  partitions: 2,
  wanted: 2,
  needed_by: ['COMM-040'],
  why: null,
}

describe('topics', () => {
  test('lists what is there, and how much each reader has not read; a partition without a position counts whole', async () => {
    engine.play({ [list]: [ok({ topics: [row], away: [] })] })
    const { code, out } = await say('topics')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /TaskCompleted +hiring\.task-completed +open +2 +30 +COMM-040 +7 +COMM-040 14/)
  })

  test('names who does not answer, and a topic with other partitions than its contract', async () => {
    const topics = [{ ...row, partitions: 3 }]
    engine.play({ [list]: [ok({ topics, away: [{ service: 'bonuses', reason: 'refused' }] })] })
    const { out } = await say('topics')
    assert.match(out, /bonuses does not answer: refused/)
    assert.match(out, /3, not 2/)
  })

  test('apply says what was made', async () => {
    engine.play({ [order]: [ok({ dry_run: false, topics: [outcome, { ...outcome, event: 'Other', outcome: 'unneeded' }] })] })
    const { code, out } = await say('topics apply')
    assert.equal(code, exitCodes.fine)
    assert.match(out, /TaskCompleted: made: hiring\.task-completed with 2 partitions, for COMM-040\n1 event that no route needs/)
    assert.deepEqual(engine.requests, [{ line: order, body: {} }])
  })

  test('a dry run says so', async () => {
    engine.play({ [order]: [ok({ dry_run: true, topics: [outcome] })] })
    assert.match((await say('topics apply --dry-run')).out, /would be made.*\nNothing was done/)
    assert.deepEqual(engine.requests, [{ line: order, body: { dry_run: true } }])
  })

  for (const [wrong, said] of [
    ['differs', /has 3 partitions and the contract says 2.*fixed for life/],
    ['hidden', /npx cutover topic TaskCompleted --open/],
    ['unknown', /not known/],
  ] as const) {
    test(`one that is ${wrong} ends with 3`, async () => {
      engine.play({ [order]: [ok({ dry_run: false, topics: [{ ...outcome, outcome: wrong, partitions: 3 }] })] })
      const { code, out, error } = await say('topics apply')
      assert.equal(code, exitCodes.checkFailed)
      assert.match(out, said)
      assert.match(error, /1 topic not as needed: TaskCompleted/)
    })
  }
})
