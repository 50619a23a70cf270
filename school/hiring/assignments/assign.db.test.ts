import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { extendProblems } from 'cutover/failure'
import { systemRandom } from 'cutover/process/clock'
import { freshDatabase } from '../../../tests/database.ts'
import { problems } from '../../contracts/problems.ts'
import type { HeldTask } from '../tasks/tasks.ts'
import { assign, type Assigned } from './assign.ts'

extendProblems(problems)

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup(): Promise<{ database: Database; give: (candidate: string, ...tasks: string[]) => Promise<Assigned> }> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 12, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [{ name: 'hiring', folder: fileURLToPath(new URL('../db', import.meta.url)) }])
  await database.query(
    `insert into task (task_id, creator_id, title, text, questions, revision, withdrawn)
     select id, 'm1', 'T', 'X', '[{"question":"?","answer":"!"}]', 1, id = 'easy' from unnest(array['t1', 't2', 'easy']) as id`,
  )
  await database.query(`insert into candidate (candidate_id, name) values ('c1', 'C'), ('m1', 'The author')`)
  async function give(candidate: string, ...ids: string[]): Promise<Assigned> {
    const { rows } = await database.query<HeldTask>('select *, revision::int as revision from task where task_id = any($1::text[])', [ids])
    const held = new Map(rows.map(row => [row.task_id, row]))
    return database.transaction(tx => assign(tx, held, systemRandom, candidate, [...new Set(ids)]))
  }
  return { database, give }
}

test('what can be given is given, what cannot is listed with why', async () => {
  const { give } = await setup()
  const { assignments, refused } = await give('c1', 't1', 'easy', 't9', 't2', 't1')
  assert.deepEqual(
    assignments.map(one => [one.task_id, one.questions]),
    [
      ['t1', 1],
      ['t2', 1],
    ],
  )
  assert.deepEqual(refused, [
    { task_id: 'easy', code: 'task_withdrawn' },
    { task_id: 't9', code: 'task_unknown' },
  ])
})

test('a task is given to a candidate once, however often and by how many at once', async () => {
  const { database, give } = await setup()
  const all = await Promise.all(Array.from({ length: 8 }, () => give('c1', 't1', 't2')))
  assert.equal(new Set(all.flatMap(one => one.assignments.map(given => given.assignment_id))).size, 2)
  assert.deepEqual((await database.query('select count(*)::int as count from assignment')).rows, [{ count: 2 }])
})

test('nobody is given a task of their own, and nobody unknown is given any', async () => {
  const { database, give } = await setup()
  assert.deepEqual((await give('m1', 't1')).refused, [{ task_id: 't1', code: 'self_dealing' }])
  await assert.rejects(give('c9', 't1'), { code: 'candidate_unknown' })
  assert.deepEqual((await database.query('select from assignment')).rowCount, 0)
})
