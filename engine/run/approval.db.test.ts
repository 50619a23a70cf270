import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planFor, type Setup, setup, toEvent } from '../../tests/running.ts'
import { creditLink as link } from '../../tests/small-world.ts'
import { readHistory } from '../history/history.ts'
import { openOrders } from './orders.ts'

const { hash } = toEvent

/** A run that stands before its point of no return, ordered by anna. */
async function beforeTheEnd(made: Setup): Promise<string> {
  const { run } = await made.orders.apply(link.id, {}, 'anna')
  await made.drive(run)
  return run
}

const approvedIn = async ({ database }: Setup, run: string): Promise<string[]> =>
  (await readHistory(database, { limit: 100, run })).rows.filter(row => row.action === 'run approved').map(row => row.who)

const expire = ({ database }: Setup): Promise<unknown> => database.query('update approval set until = now()')

test('a run passes its point of no return only when somebody else than who ordered it has approved', async context => {
  const made = await setup(context, true)
  const { orders, drive } = made
  const run = await beforeTheEnd(made)
  assert.deepEqual((await orders.get(run)).approval, { wanted: true, by: null, at: null, expires_at: null })
  await assert.rejects(orders.complete(run, 'anna'), {
    code: 'approval_missing',
    message: new RegExp(`has not been approved: somebody else than anna approves it with "cutover approve ${run}"`),
  })
  assert.equal((await orders.get(run)).state, 'finished')
  const { approval } = await orders.approve(run, hash, 'boris')
  assert.deepEqual([approval?.wanted, approval?.by], [false, 'boris'])
  assert.equal(Date.parse(approval?.expires_at ?? '') - Date.parse(approval?.at ?? ''), 24 * 3_600_000)
  await orders.complete(run, 'anna')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'completed')
  assert.deepEqual(await approvedIn(made, run), ['boris'])
})

test('nobody approves what they have ordered, and nobody completes on their own approval', async context => {
  const made = await setup(context, true)
  const { orders } = made
  const run = await beforeTheEnd(made)
  await assert.rejects(orders.approve(run, hash, 'anna'), { code: 'approval_own' })
  await orders.approve(run, hash, 'boris')
  await assert.rejects(orders.complete(run, 'boris'), { code: 'approval_missing', message: /somebody else than anna and boris/ })
  await orders.approve(run, hash, 'clara')
  await orders.complete(run, 'boris')
  assert.equal((await orders.get(run)).approval?.by, 'clara')
  await assert.rejects(orders.approve(run, hash, 'boris'), { code: 'approval_own' })
})

test('an approval of another hash is refused', async context => {
  const made = await setup(context, true)
  const run = await beforeTheEnd(made)
  await assert.rejects(made.orders.approve(run, 'other', 'boris'), { code: 'plan_stale', message: /look at it again/ })
  assert.deepEqual(await approvedIn(made, run), [])
})

test('of a hundred approvals at once by one person, one is written, with one line', async context => {
  const made = await setup(context, true)
  const run = await beforeTheEnd(made)
  const views = await Promise.all(Array.from({ length: 100 }, () => made.orders.approve(run, hash, 'boris')))
  assert.equal(new Set(views.map(({ approval }) => JSON.stringify(approval))).size, 1)
  const { rows } = await made.database.query('select who from approval')
  assert.deepEqual([rows.length, await approvedIn(made, run)], [1, ['boris']])
})

test('an approval that has expired is asked for again', async context => {
  const made = await setup(context, true)
  const { orders } = made
  const run = await beforeTheEnd(made)
  await orders.approve(run, hash, 'boris')
  await expire(made)
  const { approval } = await orders.get(run)
  assert.deepEqual([approval?.wanted, approval?.by], [true, 'boris'])
  await assert.rejects(orders.complete(run, 'anna'), { code: 'approval_missing', message: /the approval by boris has expired/ })
  assert.equal((await orders.approve(run, hash, 'boris')).approval?.wanted, false)
  await orders.complete(run, 'anna')
  assert.deepEqual(await approvedIn(made, run), ['boris', 'boris'])
})

test('whatever order led there, the engine begins nothing final without an approval that holds, and goes on when there is one', async context => {
  const made = await setup(context, true)
  const { system, runs, orders, drive, stall } = made
  const run = await beforeTheEnd(made)
  const before = system.state()
  // As if it had been ordered while approvals were off.
  const off = openOrders({ links: [link], planFor, runs, world: system.world(null), certified: async () => new Map() })
  await off.complete(run, 'anna')
  await stall(run)
  const waiting = await orders.get(run)
  assert.deepEqual(
    [waiting.state, waiting.heading, waiting.waits_for],
    ['waiting', 'complete', { code: 'approval_missing', params: { run, who: 'anna' } }],
  )
  assert.deepEqual([system.state(), waiting.can], [before, ['pause', 'revert']])
  await orders.approve(run, hash, 'boris')
  await expire(made)
  await stall(run)
  assert.equal((await orders.get(run)).waits_for?.code, 'approval_expired')
  assert.deepEqual(system.state(), before)
  await orders.approve(run, hash, 'boris')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'completed')
})

test('a run that has passed its point of no return comes to its end, also when the approval expires meanwhile', async context => {
  const made = await setup(context, true)
  const { system, orders, drive, stall } = made
  const run = await beforeTheEnd(made)
  await orders.approve(run, hash, 'boris')
  await orders.complete(run, 'anna')
  system.away = 'deployer'
  await stall(run)
  await expire(made)
  system.away = null
  await drive(run)
  assert.equal((await orders.get(run)).state, 'completed')
})

test('where no approval is asked for, none is taken: off, on the way back, and after the end', async context => {
  const made = await setup(context, true)
  const { system, runs, orders, drive } = made
  const run = await beforeTheEnd(made)
  const off = openOrders({ links: [link], planFor, runs, world: system.world(null), certified: async () => new Map() })
  assert.equal((await off.get(run)).approval, null)
  await assert.rejects(off.approve(run, hash, 'boris'), { code: 'approval_unwanted', message: /they are off here/ })
  await orders.revert(run, 'anna')
  await assert.rejects(orders.approve(run, hash, 'boris'), { code: 'approval_unwanted' })
  await drive(run)
  assert.equal((await orders.get(run)).approval, null)
  await assert.rejects(orders.approve(run, hash, 'boris'), { code: 'approval_unwanted' })
})
