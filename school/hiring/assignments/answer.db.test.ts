import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { EventContract } from 'cutover/contract'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { extendProblems } from 'cutover/failure'
import type { RecordFact } from 'cutover/outbox'
import { systemRandom } from 'cutover/process/clock'
import { freshDatabase } from '../../../tests/database.ts'
import { problems } from '../../contracts/problems.ts'
import { ratingOf } from '../ratings/rating.ts'
import { answer, isRight, type Outcome } from './answer.ts'

extendProblems(problems)

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Stated {
  readonly id: string
  readonly event: string
  readonly payload: Record<string, unknown>
  readonly revision: number | null
}

interface School {
  readonly database: Database
  /** What was recorded in transactions that committed, in order. */
  readonly stated: Stated[]
  /** Answers the assignment of candidate `c<n>`, in a transaction of its own. */
  submit(candidate: number, right: boolean): Promise<Outcome>
}

async function setup(candidates = 14): Promise<School> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 12, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [{ name: 'hiring', folder: fileURLToPath(new URL('../db', import.meta.url)) }])
  await database.query(
    `insert into task (task_id, creator_id, title, text, questions, revision) values ('t1', 'm1', 'T', 'X', '[{"question":"?","answer":"Yes"}]', 3)`,
  )
  await database.query(`insert into candidate (candidate_id, name) select 'c' || n, 'C' from generate_series(1, ${candidates}) as n`)
  await database.query(
    `insert into assignment (assignment_id, task_id, candidate_id) select 's' || n, 't1', 'c' || n from generate_series(1, ${candidates}) as n`,
  )
  const stated: Stated[] = []
  return {
    database,
    stated,
    async submit(candidate, right) {
      const own: Stated[] = []
      const record: RecordFact = (event: EventContract, payload, options = {}) => {
        const id = systemRandom.uuid()
        own.push({ id, event: event.name, payload, revision: options.revision ?? null })
        return id
      }
      const outcome = await database.transaction(tx =>
        answer(tx, record, { assignmentId: `s${candidate}`, candidateId: `c${candidate}`, answers: [right ? ' yes ' : 'no'] }),
      )
      stated.push(...own)
      return outcome
    },
  }
}

test('an answer is right or wrong at once, and its outcome and rating are stated together', async () => {
  const { database, stated, submit } = await setup()
  assert.deepEqual(await submit(1, true), { assignment_id: 's1', task_id: 't1', outcome: 'completed', rating: 33, repeated: false })
  assert.deepEqual(await submit(2, false), { assignment_id: 's2', task_id: 't1', outcome: 'failed', rating: 50, repeated: false })
  assert.deepEqual(
    stated.map(fact => [fact.event, fact.payload]),
    [
      ['TaskCompleted', { task_id: 't1', creator_id: 'm1', candidate_id: 'c1' }],
      ['TaskRating', { task_id: 't1', rating: 33, outcome_id: stated[0]?.id }],
      ['TaskFailed', { task_id: 't1', creator_id: 'm1', candidate_id: 'c2' }],
      ['TaskRating', { task_id: 't1', rating: 50, outcome_id: stated[2]?.id }],
    ],
  )
  const { rows } = await database.query(
    `select outcome, outcome_id, rating from assignment where outcome is not null order by assignment_id`,
  )
  assert.deepEqual(rows, [
    { outcome: 'completed', outcome_id: stated[0]?.id, rating: 33 },
    { outcome: 'failed', outcome_id: stated[2]?.id, rating: 50 },
  ])
})

test('a second answer gets the recorded outcome, whatever it says, and states nothing', async () => {
  const { stated, submit } = await setup()
  await submit(1, false)
  const facts = stated.length
  assert.deepEqual(await submit(1, true), { assignment_id: 's1', task_id: 't1', outcome: 'failed', rating: 67, repeated: true })
  assert.equal(stated.length, facts)
})

test('of many submissions at once, one decides and all say the same', async () => {
  const { database, stated, submit } = await setup()
  const outcomes = await Promise.all(Array.from({ length: 10 }, (_, n) => submit(1, n % 2 === 0)))
  assert.equal(outcomes.filter(one => !one.repeated).length, 1)
  assert.equal(new Set(outcomes.map(one => `${one.outcome} ${one.rating}`)).size, 1)
  assert.equal(stated.length, 2)
  assert.deepEqual((await database.query('select checks from task')).rows, [{ checks: 1 }])
})

test('candidates who answer at once are counted one after the other', async () => {
  const { database, stated, submit } = await setup()
  await Promise.all(Array.from({ length: 12 }, (_, n) => submit(n + 1, n % 3 === 0)))
  const { rows } = await database.query<{ rating: number; failed: boolean }>(
    `select rating, outcome = 'failed' as failed from assignment where outcome is not null`,
  )
  assert.deepEqual((await database.query('select checks, failed, solved from task')).rows, [{ checks: 12, failed: 8, solved: 4 }])
  // The last rating is that of all answers; every rating stated is one that was stored.
  assert.ok(rows.some(row => row.rating === ratingOf(8, 12)))
  const ratings = stated.filter(fact => fact.event === 'TaskRating').map(fact => Number(fact.payload['rating']))
  const rising = (a: number, b: number): number => a - b
  assert.deepEqual(ratings.toSorted(rising), rows.map(row => row.rating).toSorted(rising))
})

test('the tenth right answer since the last edit withdraws the task, once for that revision', async () => {
  const { database, stated, submit } = await setup()
  await submit(11, false)
  await Promise.all(Array.from({ length: 9 }, (_, n) => submit(n + 1, true)))
  assert.deepEqual((await database.query('select withdrawn from task')).rows, [{ withdrawn: false }])
  await Promise.all([submit(10, true), submit(12, true), submit(13, true)])
  assert.deepEqual((await database.query('select withdrawn from task')).rows, [{ withdrawn: true }])
  const asked = stated.filter(fact => fact.event === 'TaskReworkRequested')
  assert.deepEqual(
    asked.map(({ payload, revision }) => [payload, revision]),
    [[{ task_id: 't1', solved_count: 10 }, 3]],
  )
  const { rows } = await database.query('select task_id, revision, solved_count, fact_id from withdrawal')
  assert.deepEqual(rows, [{ task_id: 't1', revision: '3', solved_count: 10, fact_id: asked[0]?.id }])
})

test('nobody answers the assignment of another', async () => {
  const { database, submit } = await setup()
  const record: RecordFact = () => assert.fail('nothing may be stated')
  const foreign = database.transaction(tx => answer(tx, record, { assignmentId: 's1', candidateId: 'c2', answers: ['yes'] }))
  await assert.rejects(foreign, { code: 'assignment_unknown' })
  assert.equal((await submit(1, true)).repeated, false)
})

test('an answer to another revision, or to fewer questions, is refused and decides nothing', async () => {
  const { database, submit } = await setup()
  const record: RecordFact = () => assert.fail('nothing may be stated')
  const own = { assignmentId: 's1', candidateId: 'c1', answers: ['yes'] }
  const refused = (change: object): Promise<unknown> => database.transaction(tx => answer(tx, record, { ...own, ...change }))
  await assert.rejects(refused({ revision: 2 }), { code: 'task_changed' })
  await assert.rejects(refused({ answers: ['yes', 'no'] }), { code: 'answers_incomplete' })
  assert.equal((await submit(1, true)).outcome, 'completed')
})

test('an answer is right whatever its case, its spaces, and the way its accents are written', () => {
  const questions = [{ answer: 'Café' }, { answer: 'Two' }]
  assert.equal(isRight([' cafe\u0301', 'TWO '], questions), true)
  assert.equal(isRight(['cafe', 'two'], questions), false)
  assert.equal(isRight(['café'], questions), false)
  assert.equal(isRight(['café', 'two', 'three'], questions), false)
})
