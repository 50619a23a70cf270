import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { aFact } from '../../tests/counting.ts'
import { aName, type DeadLetters, moneyLink, openDeadLetters } from '../../tests/dead-letters.ts'
import { operate, type Operating, type OperatorAnswer } from '../../tests/operator-calls.ts'
import { toHeaders } from '../contract/headers.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import { openStores } from './stores.ts'

const path = '/operator/dead-letters'

type Order = (verb: string, body: object) => Promise<OperatorAnswer>

async function setup(context: TestContext): Promise<Omit<DeadLetters, 'order'> & Operating & { order: Order }> {
  const letters = await openDeadLetters({ link: moneyLink })
  context.after(() => letters.database.close())
  const operating = await operate(deadLetterRoutes({ ...letters.reader, stores: openStores(letters.database) }))
  const order = (verb: string, body: object): Promise<OperatorAnswer> =>
    operating.post(`${path}/${verb}`, { by: 'operator', term: 1, ...body })
  return { ...letters, ...operating, order }
}

interface Group {
  readonly cause: string
  readonly open: number
  readonly sample: string
  readonly money: boolean
}

test('groups, their letters and one of them, and how many there ever were', async context => {
  const { die, get } = await setup(context)
  await die('handler_error', aFact('a'), aFact('b'))
  const { body } = await get(path)
  const [group] = body['groups'] as Group[]
  assert.deepEqual([group?.open, group?.money, body['totals']], [2, true, { open: 2, replaying: 0, resolved: 0, written_off: 0 }])
  const page = await get(`${path}/letters?cause=${group?.cause}&limit=1`)
  const [letter] = page.body['letters'] as { id: string; state: string }[]
  assert.deepEqual([letter?.id, letter?.state, page.body['next']], [group?.sample, 'open', group?.sample])
  assert.equal(((await get(`${path}/letters?after=${letter?.id}`)).body['letters'] as object[]).length, 1)
  const one = await get(`${path}/letters/${letter?.id}`)
  assert.deepEqual([one.status, one.body['code'], one.body['attempts']], [200, 'handler_error', 5])
  assert.equal((await get(`${path}/letters/999999`)).body['code'], 'dead_letter_unknown')
  assert.equal((await get(`${path}/jobs/999999`)).body['code'], 'job_unknown')
})

test('a replay is a job that is ordered, looked at and repeated under its request', async context => {
  const { die, order, finish, get, store } = await setup(context)
  const [id = ''] = await die('handler_error', aFact('a'))
  const request = '01980000-0000-7000-8000-000000000001'
  const ordered = await order('replay', { selection: { ids: [id] }, request })
  assert.deepEqual([ordered.status, ordered.body['kind'], ordered.body['state'], ordered.body['rate']], [202, 'replay', 'running', 50])
  assert.equal((await order('replay', { selection: { ids: [id] }, request })).body['id'], ordered.body['id'])
  const again = await order('replay', { selection: { ids: [id] } })
  assert.deepEqual([again.status, again.body['code'], again.body['job']], [409, 'dead_letter_claimed', ordered.body['id']])
  const job = await store.job(String(ordered.body['id']))
  assert.ok(job !== undefined)
  await finish(job)
  assert.deepEqual((await get(`${path}/jobs/${job.id}`)).body['outcomes'], { done: 1 })
  assert.deepEqual(((await get(`${path}/jobs`)).body as unknown as { id: string }[])[0]?.id, job.id)
  assert.equal((await order('replay', { selection: { ids: [id] } })).body['code'], 'already_resolved')
})

test('an edit is refused with every place that is wrong, and what is shown of it is masked', async context => {
  const { bury, order } = await setup(context)
  const message = aName('Zebulon')
  const id = await bury(Buffer.from(message.bytes), toHeaders(message), message.factId)
  const edit = (set: object[]): Promise<OperatorAnswer> => order(`letters/${id}/edit`, { set, reason: 'put right' })
  const wrong = await edit([{ path: '/payload/name', value: 7 }])
  assert.deepEqual([wrong.status, wrong.body['code']], [422, 'edit_invalid'])
  assert.deepEqual((wrong.body['errors'] as { pointer: string; code: string }[])[0], {
    pointer: '/payload/name',
    code: 'type',
    detail: 'must be of type string',
  })
  const right = await edit([{ path: '/payload/name', value: 'Zebulon the Second' }])
  assert.equal(right.status, 200)
  assert.doesNotMatch(JSON.stringify(right.body), /Zebulon/)
  assert.deepEqual((right.body['edit'] as { changed: string[] }).changed, ['/payload/name'])
})

test('a write-off waits for the second person, and can be stopped', async context => {
  const { die, order, post } = await setup(context)
  const [id = ''] = await die('handler_error', aFact('a'))
  const off = await order('write-off', { selection: { ids: [id] }, reason: 'the task never existed' })
  assert.deepEqual([off.status, off.body['state'], off.body['needs']], [202, 'waiting', ['money', 'not_terminal']])
  const job = `${path}/jobs/${String(off.body['id'])}`
  const own = await post(`${job}/approve`, { by: 'operator', term: 1 })
  assert.deepEqual([own.status, own.body['code']], [403, 'approval_own'])
  assert.equal((await post(`${job}/stop`, { by: 'operator', term: 1 })).body['state'], 'stopped')
  assert.equal((await post(`${job}/approve`, { by: 'approver', term: 1 })).body['code'], 'job_state')
})

test('what is ordered is bounded, and an engine that was overtaken orders nothing', async context => {
  const { die, order, stranger, get } = await setup(context)
  await die('handler_error', aFact('a'))
  const wrong = async (verb: string, body: object): Promise<number> => (await order(verb, body)).status
  assert.equal(await wrong('replay', { selection: { ids: [] } }), 400)
  assert.equal(await wrong('replay', { selection: { ids: ['x'] } }), 400)
  assert.equal(await wrong('replay', { selection: {}, rate: 0 }), 400)
  assert.equal(await wrong('replay', { selection: { everything: true } }), 400)
  assert.equal(await wrong('replay', {}), 400)
  assert.equal(await wrong('write-off', { selection: {} }), 400)
  assert.equal(await wrong('write-off', { selection: {}, reason: '   ' }), 400)
  assert.equal((await get(`${path}/letters?limit=1000`)).status, 400)
  assert.equal(await wrong('replay', { selection: {}, term: 5 }), 202)
  const stale = await order('write-off', { selection: {}, reason: 'late', term: 4 })
  assert.deepEqual([stale.status, stale.body['code']], [409, 'term_stale'])
  assert.equal(await stranger(path), 401)
  assert.equal(await stranger(`${path}/replay`, { selection: {}, by: 'operator', term: 9 }), 401)
})
