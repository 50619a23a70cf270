import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemRandom } from 'cutover/process/clock'
import { person, type Served, serveSchool, service } from '../../../tests/serving.ts'
import { candidateRoutes } from './http.ts'

const open: Served[] = []
after(async () => {
  await Promise.all(open.map(({ database }) => database.close()))
})

const manager = person('m1', 'manager')
const management = service('management', 'COMM-090')

async function setup() {
  const hiring = await serveSchool('hiring', (database, once) => candidateRoutes(database, once, systemRandom))
  open.push(hiring)
  return hiring
}

test('a candidate is told whole, under a revision that rises with every change', async () => {
  const { told, call } = await setup()
  const { body: candidate } = await call(manager, 'POST', '/candidates', { name: 'Emmy' })
  const path = `/candidates/${candidate['candidate_id'] as string}`
  assert.deepEqual(await call(manager, 'PUT', path, { name: 'Emmy N.' }), {
    status: 200,
    body: { ...candidate, name: 'Emmy N.', revision: 2 },
  })
  assert.equal((await call(manager, 'PUT', '/candidates/c-9', { name: 'Nobody' })).body['code'], 'candidate_unknown')
  assert.deepEqual(
    told.map(({ event, payload, revision, removed }) => [event, payload, revision, removed]),
    [
      ['CandidateRegistered', candidate, 1, false],
      ['CandidateRegistered', { ...candidate, name: 'Emmy N.' }, 2, false],
    ],
  )
  assert.deepEqual((await call(management, 'GET', path)).body, { ...told.at(-1)?.payload, revision: 2 })
})

test('management reads all candidates page by page, each once, in the order of their ids', async () => {
  const { call } = await setup()
  const made: string[] = []
  for (const name of ['A', 'B', 'C', 'D', 'E'])
    made.push((await call(manager, 'POST', '/candidates', { name })).body['candidate_id'] as string)
  const seen: string[] = []
  for (let after = ''; ;) {
    const { body } = await call(management, 'GET', `/candidates?limit=2${after}`)
    const page = (body['candidates'] as { candidate_id: string }[]).map(one => one.candidate_id)
    if (page.length === 0) break
    seen.push(...page)
    after = `&after=${page.at(-1) ?? ''}`
  }
  assert.deepEqual(seen, made.toSorted())
  assert.equal((await call(manager, 'GET', '/candidates')).status, 403)
})
