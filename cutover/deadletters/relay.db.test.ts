import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { effectsIn, tracesIn } from '../../tests/counting.ts'
import { instantly } from '../../tests/dead-letters.ts'
import { events, link, openTwo, registry, type Two } from '../../tests/draining.ts'
import { openLog } from '../process/log.ts'
import { describeNew, type JobPorts, work } from './jobs.ts'
import type { Change } from './edit.ts'
import { openOrders, type Wanted } from './orders.ts'
import type { Job } from './store.ts'

interface Sender extends Omit<Two, 'open'> {
  order(kind: Wanted['kind']): Promise<Job>
  approve(job: Job): Promise<Job>
  edit(...changes: Change[]): Promise<void>
  finish(job: Job): Promise<Job>
  states(): Promise<string[]>
  /** Facts of the link that are not terminal, as everybody counts them. */
  open(): Promise<{ counted: number; dead: number; shown: number | undefined; held: number }>
}

/** A fact that the receiver refuses with 422, because its key is taken by something else there; as a dead letter of its sender. */
async function setup(context: TestContext): Promise<Sender & { fact: string }> {
  const two = await openTwo(context)
  const store = two.sending.stores.deadLetters
  const reader = { service: link.from, links: [link], registry }
  const orders = openOrders(store, reader)
  const ports: JobPorts = {
    reader,
    store,
    receive: two.sending.stores.receive,
    receivers: new Map(),
    couriers: new Map([[link.id, two.courier]]),
    broker: two.broker,
    events,
    received: () => undefined,
    holder: 'hiring-1',
    clock: instantly,
    log: openLog({ service: 'test', instance: '1', level: 'silent' }),
  }
  await two.receiving.database.query(`insert into effect values ('a', 99)`)
  const fact = await two.state('a')
  await two.call()
  await two.sweep()
  return {
    ...two,
    fact,
    approve: job => orders.approve(job.id, 'approver'),
    async order(kind) {
      await describeNew(ports)
      return orders.order({ kind, selection: { link: link.id }, reason: 'a test', rate: 1_000, request: null, by: 'operator' })
    },
    async edit(...changes) {
      const [letter] = await store.page({}, ['open'], '0', 1)
      await orders.edit(letter?.id ?? '', changes, 'put right', 'operator')
    },
    async finish(job) {
      // Once: while the receiver is away the job waits.
      const held = await store.take('hiring-1', { receive: [], relay: [link.id] })
      if (held !== undefined) await work(ports, held, new AbortController().signal)
      return (await store.job(job.id)) ?? job
    },
    async states() {
      const { rows } = await two.sending.database.query<{ state: string }>('select state from dead_letter order by id')
      return rows.map(row => row.state)
    },
    async open() {
      const { outstanding, dead } = await two.count('http')
      const shown = await two.sending.stores.relay.open([link.id])
      return { counted: outstanding, dead, shown: shown[link.id], held: (await two.sending.stores.relay.held(link.id, [fact])).length }
    },
  }
}

test('a refusal that is replayed after its cause was mended is done, and nothing is open any more', async context => {
  const { order, finish, states, open, sweep, receiving, flip, gate } = await setup(context)
  await flip('event')
  assert.deepEqual(await open(), { counted: 1, dead: 1, shown: 1, held: 1 })
  assert.equal(await gate('http'), 'drained_waits')
  // Its cause stands: it is refused again, counted, and open.
  assert.deepEqual((await finish(await order('replay'))).outcomes, { failed: 1 })
  assert.deepEqual([await states(), (await open()).dead], [['open'], 1])
  await receiving.database.query(`delete from effect`)
  const job = await order('replay')
  // Claimed is not terminal.
  assert.deepEqual([await states(), await open()], [['replaying'], { counted: 1, dead: 1, shown: 1, held: 1 }])
  assert.deepEqual((await finish(job)).outcomes, { done: 1 })
  await sweep()
  assert.deepEqual(await states(), ['resolved'])
  assert.deepEqual(await effectsIn(receiving.database), ['a:1'])
  assert.deepEqual(await open(), { counted: 0, dead: 0, shown: 0, held: 1 })
  assert.equal(await gate('http'), 'drained')
})

test('a dry run over the link asks, and calls nobody', async context => {
  const { order, finish, states, receiving } = await setup(context)
  assert.deepEqual((await finish(await order('rehearsal'))).outcomes, { would_call: 1 })
  assert.deepEqual([await states(), await effectsIn(receiving.database)], [['open'], ['a:99']])
})

test('an edited one is delivered as it was changed, once two people want it', async context => {
  const { order, approve, edit, finish, states, receiving } = await setup(context)
  await edit({ path: '/payload/key', value: 'b' }, { path: '/headers/cutover-business-key', value: 'Counted:b' })
  assert.deepEqual((await finish(await approve(await order('replay')))).outcomes, { done: 1 })
  assert.deepEqual([await states(), await effectsIn(receiving.database)], [['resolved'], ['a:99', 'b:1']])
})

test('while the receiver is away a replay waits, spends no attempt, and says why', async context => {
  const { order, finish, states, reach, receiving, sending } = await setup(context)
  await receiving.database.query(`delete from effect`)
  const job = await order('replay')
  await reach(false)
  const waiting = await finish(job)
  assert.deepEqual([waiting.state, waiting.left], ['running', 1])
  assert.match(waiting.trouble ?? '', /bonuses is away/)
  assert.deepEqual(await states(), ['replaying'])
  const { rows } = await sending.database.query<{ attempts: number }>('select attempts from dead_letter')
  assert.deepEqual(rows, [{ attempts: 1 }])
})

test('a write-off is booked at the receiver, so that it is terminal everywhere', async context => {
  const { order, approve, finish, states, open, sweep, receiving, fact, flip, gate, call } = await setup(context)
  await flip('event')
  const job = await order('write_off')
  assert.deepEqual([job.needs, (await finish(job)).left, (await open()).counted], [['not_terminal'], 1, 1])
  await approve(job)
  assert.deepEqual((await finish(job)).outcomes, { written_off: 1 })
  await sweep()
  const { rows } = await receiving.database.query('select fact_id, outcome, detail from receipt')
  assert.deepEqual(rows, [{ fact_id: fact, outcome: 'written_off', detail: 'by operator, approved by approver' }])
  assert.deepEqual([await states(), await gate('http')], [['written_off'], 'drained'])
  assert.deepEqual(await open(), { counted: 0, dead: 0, shown: 0, held: 1 })
  // Whoever would call once more is answered, and nothing happens.
  await call()
  assert.deepEqual([await effectsIn(receiving.database), (await tracesIn(receiving.database)).receipts], [['a:99'], ['written_off']])
})

test('a fact that has arrived after all is resolved, and not written off', async context => {
  const { order, approve, finish, states, take, message, fact, receiving } = await setup(context)
  await receiving.database.query(`delete from effect`)
  await take('http', await message(fact))
  assert.deepEqual((await finish(await approve(await order('write_off')))).outcomes, { done: 1 })
  assert.deepEqual(await states(), ['resolved'])
})
