import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Caller } from 'cutover/http/tokens'
import { systemRandom } from 'cutover/process/clock'
import { person, type Served, serveSchool, service } from '../../../tests/serving.ts'
import { managerRoutes } from '../managers/http.ts'
import { reworkRoutes } from '../reworks/http.ts'
import { taskRoutes } from './http.ts'
import { titleLens } from '../../contracts/title.ts'
import { wholeTitles } from '../../../tests/titles.ts'

const open: Served[] = []
after(async () => {
  await Promise.all(open.map(({ database }) => database.close()))
})

async function setup() {
  const management = await serveSchool('management', (database, once) => [
    ...managerRoutes(database, once, systemRandom),
    ...taskRoutes(database, once, systemRandom, wholeTitles),
    ...reworkRoutes(database),
  ])
  open.push(management)
  const { database, told, call } = management
  const hired = await call(person('root', 'admin'), 'POST', '/managers', { first_name: 'A', last_name: 'B' })
  const author = person(hired.body['manager_id'] as string, 'manager')
  told.length = 0
  return { database, told, call, author }
}

const stranger: Caller = person('m-stranger', 'manager')
const hiring: Caller = service('hiring', 'COMM-020')
const body = { title: '[ULAB-1] Factor groups', text: 'Work it out.', questions: [{ question: '?', answer: '!' }] }

test('who writes a task is its author, whatever the body would like, and the creation is stated with it', async () => {
  const { told, call, author } = await setup()
  const made = await call(author, 'POST', '/tasks', body)
  const own = { task_id: made.body['task_id'], creator_id: (author as { subject: string }).subject }
  assert.deepEqual(made, { status: 201, body: { ...own, ...body, revision: 1 } })
  assert.deepEqual(
    told.map(one => [one.event, one.payload]),
    [
      ['TaskCreated', { ...own, ...titleLens.up(body) }],
      ['TaskChanged', { ...own, ...body, ...titleLens.up(body) }],
    ],
  )
  const forged = await call(author, 'POST', '/tasks', { ...body, creator_id: 'm2' })
  assert.deepEqual([forged.status, (forged.body['errors'] as { code: string }[])[0]?.code], [400, 'unknown_field'])
  assert.equal((await call(stranger, 'POST', '/tasks', body)).body['code'], 'manager_unknown')
  assert.equal(told.length, 2)
})

test('a task is its author’s and hiring’s; for others it does not exist', async () => {
  const { call, author } = await setup()
  const path = `/tasks/${(await call(author, 'POST', '/tasks', body)).body['task_id'] as string}`
  assert.equal((await call(author, 'GET', path)).status, 200)
  assert.equal((await call(hiring, 'GET', path)).status, 200)
  assert.equal((await call(stranger, 'GET', path)).status, 404)
  assert.equal((await call(stranger, 'PUT', path, body)).status, 404)
  assert.deepEqual((await call(stranger, 'GET', '/tasks')).body['tasks'], [])
  assert.equal((await call(service('hiring', 'COMM-010'), 'GET', path)).status, 403)
  assert.equal((await call(person('c1', 'candidate'), 'GET', path)).status, 403)
})

test('an edit publishes the next revision and does what older ones were asked to be reworked for', async () => {
  const { database, call, author } = await setup()
  const taskId = (await call(author, 'POST', '/tasks', body)).body['task_id'] as string
  await database.query(`insert into rework (task_id, revision, solved_count, manager_id) select task_id, 1, 10, creator_id from task`)
  const asked = (await call(author, 'GET', '/reworks')).body['reworks'] as { task_id: string }[]
  assert.deepEqual(
    asked.map(one => one.task_id),
    [taskId],
  )
  assert.deepEqual((await call(stranger, 'GET', '/reworks')).body['reworks'], [])
  const edited = await call(author, 'PUT', `/tasks/${taskId}`, { ...body, text: 'Harder.' })
  assert.deepEqual([edited.status, edited.body['revision'], edited.body['text']], [200, 2, 'Harder.'])
  assert.deepEqual((await call(author, 'GET', '/reworks')).body['reworks'], [])
})

test('one’s tasks come page by page, each once', async () => {
  const { call, author } = await setup()
  const made: unknown[] = []
  for (let n = 0; n < 5; n++) made.push((await call(author, 'POST', '/tasks', body)).body['task_id'])
  const seen: unknown[] = []
  for (let path = '/tasks?limit=2'; ;) {
    const page = (await call(author, 'GET', path)).body
    seen.push(...(page['tasks'] as { task_id: string }[]).map(one => one.task_id))
    if (page['next'] === null) break
    path = `/tasks?limit=2&after=${page['next'] as string}`
  }
  assert.deepEqual(
    seen,
    made.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)),
  )
})

test('a task is told whole, under a revision that rises with every edit, and a removed one as a tombstone', async () => {
  const { told, call, author } = await setup()
  const made = (await call(author, 'POST', '/tasks', body)).body
  const path = `/tasks/${made['task_id'] as string}`
  const { revision: _, ...whole } = made
  const task = { ...whole, ...titleLens.up(body) }
  await call(author, 'PUT', path, { ...body, text: 'Harder.' })
  assert.equal((await call(stranger, 'DELETE', path)).status, 404)
  assert.equal((await call(author, 'DELETE', path)).status, 204)
  assert.deepEqual(
    told.filter(one => one.event === 'TaskChanged').map(({ payload, revision, removed }) => [payload, revision, removed]),
    [
      [task, 1, false],
      [{ ...task, text: 'Harder.' }, 2, false],
      [{ ...task, text: 'Harder.' }, 3, true],
    ],
  )
})

test('a removed task is there for nobody, cannot be removed twice, and is asked of nobody to be reworked', async () => {
  const { database, told, call, author } = await setup()
  const path = `/tasks/${(await call(author, 'POST', '/tasks', body)).body['task_id'] as string}`
  await database.query(`insert into rework (task_id, revision, solved_count, manager_id) select task_id, 1, 10, creator_id from task`)
  await call(author, 'DELETE', path)
  const before = told.length
  for (const [caller, method] of [
    [author, 'GET'],
    [hiring, 'GET'],
    [author, 'DELETE'],
  ] as const)
    assert.equal((await call(caller, method, path)).body['code'], 'task_unknown')
  assert.equal((await call(author, 'PUT', path, body)).status, 404)
  assert.equal(told.length, before)
  assert.deepEqual((await call(author, 'GET', '/tasks')).body['tasks'], [])
  assert.deepEqual((await call(author, 'GET', '/reworks')).body['reworks'], [])
})
