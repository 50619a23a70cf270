import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemRandom } from 'cutover/process/clock'
import { person, type Served, serveSchool, service } from '../../../tests/serving.ts'
import { managerRoutes } from './http.ts'

const open: Served[] = []
after(async () => {
  await Promise.all(open.map(({ database }) => database.close()))
})

const admin = person('root', 'admin')
const names = { first_name: 'Ada', last_name: 'Byron' }

async function setup() {
  const management = await serveSchool('management', (database, once) => managerRoutes(database, once, systemRandom))
  open.push(management)
  const { body: manager } = await management.call(admin, 'POST', '/managers', names)
  return { ...management, manager, path: `/managers/${manager['manager_id'] as string}` }
}

test('a manager is told whole, under a revision that rises with every change', async () => {
  const { told, call, manager, path } = await setup()
  const married = { first_name: 'Ada', last_name: 'Lovelace' }
  assert.deepEqual(await call(admin, 'PUT', path, married), { status: 200, body: { ...manager, ...married, revision: 2 } })
  assert.equal((await call(admin, 'PUT', path, names)).body['revision'], 3)
  assert.deepEqual(
    told.map(({ event, payload, revision, removed }) => [event, payload, revision, removed]),
    [
      ['ManagerCreated', manager, 1, false],
      ['ManagerCreated', { ...manager, ...married }, 2, false],
      ['ManagerCreated', manager, 3, false],
    ],
  )
})

test('both links read the manager as told last, with the revision', async () => {
  const { told, call, path } = await setup()
  await call(admin, 'PUT', path, { first_name: 'Ada', last_name: 'Lovelace' })
  for (const caller of [service('hiring', 'COMM-010'), service('bonuses', 'COMM-070')])
    assert.deepEqual((await call(caller, 'GET', path)).body, { ...told.at(-1)?.payload, revision: 2 })
  assert.equal((await call(service('hiring', 'COMM-070'), 'GET', path)).status, 403)
})

test('a change of nobody tells nothing, and only an admin makes one', async () => {
  const { told, call, manager, path } = await setup()
  assert.equal((await call(admin, 'PUT', '/managers/m-9', names)).body['code'], 'manager_unknown')
  assert.equal((await call(person(manager['manager_id'] as string, 'manager'), 'PUT', path, names)).status, 403)
  assert.equal((await call(admin, 'PUT', path, { ...names, account_id: 'mine' })).status, 400)
  assert.equal(told.length, 1)
})
