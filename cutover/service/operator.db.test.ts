import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countLink } from '../../tests/counting.ts'
import { declare, openOperated } from '../../tests/operating.ts'
import { openRelayStore } from '../relay/postgres.ts'
import { termHeader } from './fence.ts'

/** A data link that is read here. */
const read = { ...countLink, id: 'L-2', kind: 'data' as const, from: 'adding', to: 'counting' }

test('links tell the route, whether the event is a shadow, and how many facts are not terminal yet', async context => {
  const { database, state, get, flip } = await openOperated(
    context,
    [read, { ...read, id: 'L-3' }, { ...countLink, id: 'L-4', kind: 'data' }],
    {
      'L-2': { answers: 'http', compares: false, epoch: 1 },
      'L-3': { answers: 'replica', compares: true, epoch: 4 },
    },
  )
  for (const key of ['a', 'b', 'c']) await state(key)
  const rows = async (): Promise<object> => (await get('/operator/links')).body
  const rest = { share: 100, facts: 0, rate: 0 }
  // Of what is read here the reading switch tells, with an epoch of its own; of what others read, its readers do.
  const byHttp = { link: 'L-2', route: 'http', shadow: false, epoch: 1, open: null, ...rest }
  const byCopy = { link: 'L-3', route: 'event', shadow: true, epoch: 4, open: null, ...rest }
  const owned = (epoch: number): object => ({ link: 'L-4', route: null, shadow: false, epoch, open: 0, ...rest })
  assert.deepEqual(await rows(), [{ link: 'L-1', route: 'http', shadow: false, epoch: 1, open: 3, ...rest }, byHttp, byCopy, owned(1)])
  await database.query(`insert into relay_lane (lane, position) values ('sweep:L-1', 2)`)
  await openRelayStore(database).carryOver('L-1', ['1'])
  await flip({ route: 'http', shadow: true, term: 1 })
  assert.deepEqual(await rows(), [{ link: 'L-1', route: 'http', shadow: true, epoch: 2, open: 2, ...rest }, byHttp, byCopy, owned(2)])
})

test('instances are listed with what they declare', async context => {
  const { stores, get } = await openOperated(context, [read])
  await declare(stores, '2')
  await declare(stores, '1', 'call:L-1')
  assert.deepEqual((await get('/operator/instances')).body, [
    { id: '1', capabilities: ['call:L-1'], versions: {}, build: 'b1', readings: {} },
    { id: '2', capabilities: [], versions: {}, build: 'b1', readings: {} },
  ])
})

test('the route becomes http only when every live instance can call; who cannot is named', async context => {
  const { stores, flip } = await openOperated(context, [read])
  await flip({ route: 'event', term: 1 })
  await declare(stores, '1', 'call:L-1')
  await declare(stores, '2', 'call:L-9')
  for (const dry_run of [true, false]) {
    const { status, body } = await flip({ route: 'http', term: 1, dry_run })
    assert.deepEqual([status, body['code'], body['capability'], body['instances']], [409, 'capability_missing', 'call:L-1', ['2']])
  }
  await stores.consumer.leave('2')
  assert.equal((await flip({ route: 'http', term: 1 })).body['changed'], true)
})

test('a dry run answers what would change, and changes and tells nothing', async context => {
  const { stores, flips, flip } = await openOperated(context, [read])
  const before = await stores.switch.read()
  const from = { route: 'http', share: 100, shadow: false, epoch: 1 }
  const answer = { link: 'L-1', route: 'event', share: 100, shadow: false, epoch: 2, changed: true, from }
  assert.deepEqual((await flip({ route: 'event', term: 3, dry_run: true })).body, { ...answer, dry_run: true })
  assert.deepEqual([await stores.switch.read(), await stores.switch.term(), flips()], [before, 0, 0])
  assert.deepEqual((await flip({ route: 'event', term: 3 })).body, { ...answer, dry_run: false })
  assert.equal(flips(), 1)
})

test('an engine that was overtaken is refused whatever it asks; a person is not fenced, and reading raises nothing', async context => {
  const { stores, get, flip } = await openOperated(context, [read])
  await flip({ route: 'event', term: 5 }, { [termHeader]: '5' })
  const late = await get('/operator/links', { [termHeader]: '4' })
  assert.deepEqual([late.status, late.body['code']], [409, 'term_stale'])
  assert.equal((await flip({ route: 'http', term: 9 }, { [termHeader]: '4' })).body['code'], 'term_stale')
  for (const headers of [{}, { [termHeader]: '5' }, { [termHeader]: '6' }] as Record<string, string>[])
    assert.equal((await get('/operator/instances', headers)).status, 200)
  assert.equal(await stores.switch.term(), 5)
})

test('a term that is no number is refused by the name of its header', async context => {
  const { get } = await openOperated(context, [read])
  for (const term of ['', '-1', '1.5', '1e3', 'x', '99999999999999999999']) {
    const { status, body } = await get('/operator/links', { [termHeader]: term })
    assert.deepEqual([status, body['code']], [400, 'header_invalid'], term)
  }
})
