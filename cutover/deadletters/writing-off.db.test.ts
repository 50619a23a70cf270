import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { aFact, countLink, effectsIn, tracesIn } from '../../tests/counting.ts'
import { type DeadLetters, moneyLink, openDeadLetters } from '../../tests/dead-letters.ts'
import type { LinkContract } from '../contract/contract.ts'
import { Problem } from '../failure/problem.ts'
import { runDeadLetters } from './jobs.ts'
import { openReceiveStore } from '../receive/postgres.ts'

async function setup(context: TestContext, link: LinkContract): Promise<DeadLetters> {
  const letters = await openDeadLetters({ link })
  context.after(() => letters.database.close())
  return letters
}

const isOwn = (error: unknown): boolean => error instanceof Problem && error.code === 'approval_own'

test('on a link of money nobody writes off alone, not even what is terminal anyway', async context => {
  const { die, order, orders, finish, database, receiver, states } = await setup(context, moneyLink)
  const [open, done] = [aFact('open'), aFact('done')]
  await database.transaction(tx => receiver.receive(tx, [done], 'event'))
  const [first = '', second = ''] = await die('handler_error', open, done)
  const [one, two] = [await order('write_off', { ids: [first] }), await order('write_off', { ids: [second] })]
  assert.deepEqual([one.state, one.needs, two.state, two.needs], ['waiting', ['money', 'not_terminal'], 'waiting', ['money']])
  await assert.rejects(orders.approve(one.id, 'operator'), isOwn)
  await finish(one)
  assert.deepEqual(await states(), ['open', 'open'])
  assert.deepEqual((await tracesIn(database)).receipts, ['done'])
  await orders.approve(one.id, 'approver')
  assert.deepEqual((await finish(one)).outcomes, { written_off: 1 })
  assert.deepEqual(await states(), ['written_off', 'open'])
  const { rows } = await database.query('select outcome, detail from receipt where fact_id = $1', [open.factId])
  assert.deepEqual(rows, [{ outcome: 'written_off', detail: 'by operator, approved by approver' }])
})

test('elsewhere one person dismisses what is terminal anyway, and only that', async context => {
  const { die, order, finish, database, receiver, states } = await setup(context, countLink)
  const done = aFact('done')
  await database.transaction(tx => receiver.receive(tx, [done], 'event'))
  const [open = '', copy = ''] = await die('conflict', aFact('open'), done)
  assert.deepEqual((await finish(await order('write_off', { ids: [copy] }))).outcomes, { written_off: 1 })
  assert.deepEqual([(await order('write_off', { ids: [open] })).needs, await states()], [['not_terminal'], ['open', 'written_off']])
  assert.deepEqual((await tracesIn(database)).receipts, ['done'])
})

test('what is written off is terminal: the sender is told so, and a copy that comes later has no effect', async context => {
  const { die, order, orders, finish, database, receiver } = await setup(context, moneyLink)
  const fact = aFact('a')
  const [letter = ''] = await die('handler_error', fact)
  const receive = openReceiveStore(database)
  assert.deepEqual((await receive.answer('L-1', [fact.factId])).terminal, [])
  const job = await order('write_off', { ids: [letter] })
  await orders.approve(job.id, 'approver')
  await finish(job)
  const { terminal, dead } = await receive.answer('L-1', [fact.factId])
  assert.deepEqual([terminal, dead], [[fact.factId], []])
  assert.deepEqual(await database.transaction(tx => receiver.receive(tx, [fact], 'event')), [{ is: 'rejected', rule: 'written-off' }])
  assert.deepEqual([await effectsIn(database), (await tracesIn(database)).receipts], [[], ['written_off']])
})

test('what is no fact of the link leaves no receipt', async context => {
  const { die, bury, order, orders, finish, database, states } = await setup(context, moneyLink)
  await die('producer_unknown', { ...aFact('a'), source: 'elsewhere' })
  await bury(Buffer.from([0xff]))
  const job = await order('write_off', { link: 'L-1' })
  await orders.approve(job.id, 'approver')
  assert.deepEqual((await finish(job)).outcomes, { written_off: 2 })
  assert.deepEqual([await states(), (await tracesIn(database)).receipts], [['written_off', 'written_off'], []])
})

test('an order that nobody approves gives its letters back', async context => {
  const { die, order, orders, finish, store, ports, states, database } = await setup(context, moneyLink)
  const [letter = ''] = await die('handler_error', aFact('a'))
  const job = await order('write_off', { ids: [letter] })
  await assert.rejects(
    order('replay', { ids: [letter] }),
    (error: unknown) => error instanceof Problem && error.code === 'dead_letter_claimed',
  )
  await database.query(`update dead_letter_job set asked_at = now() - interval '25 hours'`)
  assert.deepEqual(await store.overdue(24), [job.id])
  const stop = new AbortController()
  await runDeadLetters({ ...ports, clock: { now: Date.now, sleep: async () => stop.abort() } }, stop.signal)
  const ended = await store.job(job.id)
  assert.deepEqual([ended?.state, ended?.trouble, await states()], ['stopped', 'not_approved', ['open']])
  await assert.rejects(orders.approve(job.id, 'approver'), (error: unknown) => error instanceof Problem && error.code === 'job_state')
  assert.deepEqual((await finish(await order('replay', { ids: [letter] }))).outcomes, { done: 1 })
})
