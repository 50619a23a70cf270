import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemRandom } from 'cutover/process/clock'
import { aReader } from '../../../tests/reading.ts'
import { person, type Served, serveSchool, service } from '../../../tests/serving.ts'
import { assignmentRoutes } from '../assignments/http.ts'
import type { Tasks } from '../tasks/tasks.ts'
import { ratingRoutes } from './http.ts'

const open: Served[] = []
after(async () => {
  await Promise.all(open.map(({ database }) => database.close()))
})

const bonuses = service('bonuses', 'COMM-060')
const nobody: Tasks = { fresh: async () => new Map() }

/** Hiring with one task that eight candidates have; `answer` answers for one of them and resolves with the outcome's id. */
async function setup() {
  const hiring = await serveSchool('hiring', (database, once) => [
    ...assignmentRoutes({ database, once, random: systemRandom, tasks: nobody, authors: aReader('COMM-010') }),
    ...ratingRoutes(database),
  ])
  open.push(hiring)
  const { database, told, call } = hiring
  await database.query(
    `insert into task (task_id, creator_id, title, text, questions, revision)
     select id, 'm1', 'T', 'X', '[{"question":"?","answer":"Yes"}]', 1 from unnest(array['t1', 't2']) as id`,
  )
  await database.query(`insert into candidate (candidate_id, name) select 'c' || n, 'C' from generate_series(1, 8) as n`)
  await database.query(
    `insert into assignment (assignment_id, task_id, candidate_id) select 's' || n, 't1', 'c' || n from generate_series(1, 8) as n`,
  )
  return {
    told,
    call,
    async answer(candidate: number, right: boolean): Promise<string> {
      const before = told.length
      const answered = await call(person(`c${candidate}`, 'candidate'), 'POST', `/assignments/s${candidate}/answer`, {
        answers: [right ? 'yes' : 'no'],
      })
      assert.equal(answered.status, 200)
      return told[before]?.factId ?? assert.fail('nothing was stated')
    },
    rating: (outcome: string, task = 't1') => call(bonuses, 'GET', `/tasks/${task}/rating?outcome=${outcome}`),
  }
}

test('a rating is answered as of its outcome, also after more answers have changed it', async () => {
  const { call, answer, rating } = await setup()
  const first = await answer(1, true)
  const answered = { status: 200, body: { task_id: 't1', outcome_id: first, rating: 33 } }
  assert.deepEqual(await rating(first), answered)
  const others: string[] = []
  for (let candidate = 2; candidate <= 8; candidate++) others.push(await answer(candidate, false))
  assert.deepEqual(await rating(first), answered)
  assert.equal((await rating(others.at(-1) ?? '')).body['rating'], 80)
  assert.deepEqual((await call(bonuses, 'GET', '/tasks/t1/rating')).body, { task_id: 't1', rating: 80 })
})

test('the answer to an outcome is what its event tells', async () => {
  const { told, answer, rating } = await setup()
  for (const [candidate, right] of [true, false, false, true].entries()) await answer(candidate + 1, right)
  const ratings = told.filter(one => one.event === 'TaskRating')
  assert.equal(ratings.length, 4)
  for (const { payload } of ratings) assert.deepEqual((await rating(payload['outcome_id'] as string)).body, payload)
})

test('an outcome of another task, one that does not exist and one that is no id of any are unknown', async () => {
  const { call, answer, rating } = await setup()
  const outcome = await answer(1, true)
  for (const [asked, task] of [
    [outcome, 't2'],
    [systemRandom.uuid(), 't1'],
    ['x', 't1'],
  ] as const) {
    const { status, body } = await rating(asked, task)
    assert.deepEqual([status, body['code']], [404, 'outcome_unknown'], asked)
  }
  assert.equal((await call(bonuses, 'GET', '/tasks/t9/rating')).body['code'], 'task_unknown')
})

test('ratings are for bonuses over this link, and for nobody else', async () => {
  const { call } = await setup()
  for (const caller of [service('bonuses', 'COMM-070'), service('management', 'COMM-060'), person('m1', 'manager')])
    assert.equal((await call(caller, 'GET', '/tasks/t1/rating')).status, 403)
})
