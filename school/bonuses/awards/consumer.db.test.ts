import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Envelope } from 'cutover/contract'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import type { Decision, Handler, Incoming } from 'cutover/receive/handler'
import { replicaHandler } from '../../../cutover/replica/handler.ts'
import { freshDatabase } from '../../../tests/database.ts'
import { anOwner, readerOver } from '../../../tests/reading.ts'
import { checkBooks, fund } from '../ledger/ledger.ts'
import { managers } from '../managers/copy.ts'
import { ratings } from '../ratings/copy.ts'
import { openAwards } from './consumer.ts'
import { wholeTitles } from '../../../tests/titles.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

/** Bonuses in the form in which it starts: managers are read from management by HTTP, ratings from the copy. */
async function setup() {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [
    { name: 'cutover', folder: fileURLToPath(new URL('../../../cutover/sql', import.meta.url)) },
    { name: 'bonuses', folder: fileURLToPath(new URL('../db', import.meta.url)) },
  ])
  await database.query(`insert into account (account_id, manager_id) values ('a1', 'm1'), ('a2', 'm2')`)
  const known = new Map<string, unknown>()
  const owner = anOwner(path => known.get(path) ?? null)
  const manager = await readerOver(database, managers, { answers: 'http', owner })
  const rating = await readerOver(database, ratings, { answers: 'replica', owner })
  const onTaskRating = replicaHandler(rating.definition, rating.store)
  return {
    database,
    known,
    manager,
    rating,
    onTaskRating,
    ...openAwards({ managers: manager.reader, ratings: rating.reader }, wholeTitles),
  }
}

const m3 = { manager_id: 'm3', first_name: 'A', last_name: 'B', account_id: 'a3', revision: 1 }
const factId = (n: number): string => `01890000-0000-7000-8000-${String(n).padStart(12, '0')}`

function incoming<M extends Envelope>(event: string, n: number, businessKey: string, payload: M['payload']): Incoming<M> {
  const meta = { event_id: factId(n), event_version: 0, event_name: event, produced_at: '2026-01-01T00:00:00Z' }
  const message = {
    factId: factId(n),
    event,
    version: 0,
    businessKey,
    orderKey: 't',
    revision: null,
    source: 's',
    position: String(n),
    stamps: {},
  }
  return { ...message, traceparent: null, bytes: '', envelope: { payload, meta } as unknown as M }
}
const completed = (n: number, task: string, candidate: string, creator = 'm1'): Incoming<never> =>
  incoming('TaskCompleted', n, `TaskCompleted:${task}:${candidate}`, {
    task_id: task,
    creator_id: creator,
    candidate_id: candidate,
  } as never)
const failed = (n: number, task: string, candidate: string, creator = 'm1'): Incoming<never> =>
  incoming('TaskFailed', n, `TaskFailed:${task}:${candidate}`, { task_id: task, creator_id: creator, candidate_id: candidate } as never)
const created = (n: number, task: string, creator = 'm1'): Incoming<never> =>
  incoming('TaskCreated', n, `TaskCreated:${task}`, { task_id: task, creator_id: creator, title: 'T' } as never)
const rated = (n: number, outcome: number, rating: number, task = 't1'): Incoming<never> =>
  incoming('TaskRating', n, `TaskRating:${factId(outcome)}`, { task_id: task, outcome_id: factId(outcome), rating } as never)
const ratingOf = (outcome: number): string => `COMM-060:${factId(outcome)}:t1`

/** What the receiver does around a handler. Answers with what became of each message. */
async function receive<M extends Envelope, K, E>(
  database: Database,
  handler: Handler<M, K, E>,
  ...messages: Incoming<never>[]
): Promise<string[]> {
  return database.transaction(async tx => {
    const own = messages as unknown as Incoming<M>[]
    const known = await handler.lookup(own, tx)
    const decisions = own.map(message => ({ message, decision: handler.decide(message, known) }))
    const effects = decisions.flatMap(({ message, decision }) => (decision.do === 'apply' ? [{ message, effect: decision.effect }] : []))
    const applied = [...(await handler.apply(effects, tx))]
    const told = (decision: Decision<E>): string => {
      if (decision.do === 'apply') return applied.shift()?.outcome ?? 'nothing'
      return decision.do === 'wait' ? `waits for ${decision.for}` : `rejected: ${decision.rule}`
    }
    return decisions.map(({ decision }) => told(decision))
  })
}

const balances = async (database: Database): Promise<Record<string, number>> => {
  const { rows } = await database.query<{ account_id: string; balance: string }>(
    `select account_id, balance from account where account_id <> 'paid-out' order by account_id`,
  )
  return Object.fromEntries(rows.map(row => [row.account_id, Number(row.balance)]))
}

test('a batch credits, debits and credits again, and the fund pays it all', async () => {
  const { database, onTaskRating, onTaskCompleted, onTaskFailed, onTaskCreated } = await setup()
  assert.deepEqual(await receive(database, onTaskRating, rated(11, 1, 60), rated(12, 2, 0, 't2')), ['done', 'done'])
  assert.deepEqual(await receive(database, onTaskCompleted, completed(1, 't1', 'c1'), completed(2, 't2', 'c1', 'm2')), ['done', 'done'])
  assert.deepEqual(await receive(database, onTaskFailed, failed(3, 't1', 'c2')), ['done'])
  assert.deepEqual(await receive(database, onTaskCreated, created(4, 't1'), created(5, 't2', 'm2')), ['done', 'done'])
  assert.deepEqual(await balances(database), { a1: 1_200 - 500 + 1_000, a2: 0 + 1_000, [fund]: -2_700 })
  assert.deepEqual(await checkBooks(database), { balanced: true, sum: 0, mismatched: [] })
})

test('the same fact by the other route, or stated anew with another id, pays nothing more', async () => {
  const { database, onTaskRating, onTaskCompleted } = await setup()
  await receive(database, onTaskRating, rated(11, 1, 60), rated(12, 2, 60), rated(13, 3, 70))
  await receive(database, onTaskCompleted, completed(1, 't1', 'c1'))
  assert.deepEqual(await receive(database, onTaskCompleted, completed(1, 't1', 'c1')), ['duplicate'])
  assert.deepEqual(await receive(database, onTaskCompleted, completed(2, 't1', 'c1')), ['duplicate'])
  assert.deepEqual(await receive(database, onTaskCompleted, completed(3, 't1', 'c1')), ['conflict'])
  assert.deepEqual(await balances(database), { a1: 1_200, a2: 0, [fund]: -1_200 })
})

test('a credit waits for the rating of its own outcome, and is worth that, whatever the rating is by then', async () => {
  const { database, onTaskRating, onTaskCompleted } = await setup()
  assert.deepEqual(await receive(database, onTaskCompleted, completed(1, 't1', 'c1')), [`waits for ${ratingOf(1)}`])
  await receive(database, onTaskRating, rated(12, 2, 90))
  assert.deepEqual(await receive(database, onTaskCompleted, completed(1, 't1', 'c1')), [`waits for ${ratingOf(1)}`])
  await receive(database, onTaskRating, rated(11, 1, 33))
  assert.deepEqual(await receive(database, onTaskCompleted, completed(1, 't1', 'c1')), ['done'])
  assert.equal((await balances(database))['a1'], 660)
})

test('the arrival of a rating wakes what waits for it, and only that', async () => {
  const { database, onTaskRating } = await setup()
  const park = (n: number): Promise<unknown> =>
    database.query(
      `insert into parked (link, fact_id, waits_for, next_at, headers, bytes) values ('COMM-040', $1, $2, now() + interval '1 hour', '{}', '')`,
      [factId(n), ratingOf(n)],
    )
  await park(1)
  await park(2)
  await receive(database, onTaskRating, rated(11, 1, 50))
  const { rows } = await database.query('select fact_id, next_at <= clock_timestamp() as due from parked order by fact_id')
  assert.deepEqual(rows, [
    { fact_id: factId(1), due: true },
    { fact_id: factId(2), due: false },
  ])
})

test('a rating that comes twice is a duplicate; another one for the same outcome is a conflict, and the first stands', async () => {
  const { database, onTaskRating } = await setup()
  assert.deepEqual(await receive(database, onTaskRating, rated(11, 1, 50)), ['done'])
  assert.deepEqual(await receive(database, onTaskRating, rated(11, 1, 50)), ['duplicate'])
  assert.deepEqual(await receive(database, onTaskRating, rated(12, 1, 51)), ['conflict'])
  assert.deepEqual(await receive(database, onTaskRating, rated(13, 2, 101), rated(14, 3, -1)), [
    'rejected: state_invalid',
    'rejected: state_invalid',
  ])
  assert.deepEqual((await database.query('select rating from rating')).rows, [{ rating: 50 }])
})

test('an unknown manager is waited for, gathered once management knows them, and then paid', async () => {
  const { database, known, manager, rating, onTaskCreated } = await setup()
  assert.deepEqual(await receive(database, onTaskCreated, created(1, 't1', 'm3')), ['waits for COMM-070:m3'])
  assert.equal(await manager.gather('m3'), false)
  known.set('/managers/m3', { ...m3, manager_id: 'm4' })
  await assert.rejects(manager.gather('m3'), /another row/)
  known.set('/managers/m3', m3)
  assert.equal(await manager.gather('m3'), true)
  assert.equal(await manager.gather('m3'), true)
  // What is read from a copy is not asked for: it arrives.
  assert.equal(await rating.gather(`${factId(1)}:t1`), false)
  assert.deepEqual(await receive(database, onTaskCreated, created(1, 't1', 'm3')), ['done'])
  assert.equal((await balances(database))['a3'], 1_000)
})

test('a manager’s first booking opens the account, once, whoever else books on it at the same time', async () => {
  const { database, known, manager, onTaskCreated, onTaskFailed } = await setup()
  known.set('/managers/m3', m3)
  await manager.gather('m3')
  assert.deepEqual(await balances(database), { a1: 0, a2: 0, [fund]: 0 }, 'to be known opens nothing')
  const batches = [[created(1, 't1', 'm3'), created(2, 't2', 'm3')], [created(3, 't3', 'm3')], [created(4, 't4', 'm3')]]
  const outcomes = await Promise.all(batches.map(batch => receive(database, onTaskCreated, ...batch)))
  assert.deepEqual(outcomes, [['done', 'done'], ['done'], ['done']])
  assert.deepEqual(await receive(database, onTaskFailed, failed(5, 't1', 'c1', 'm3')), ['done'])
  assert.deepEqual(await balances(database), { a1: 0, a2: 0, a3: 3_500, [fund]: -3_500 })
  assert.deepEqual((await database.query('select manager_id from account where account_id = $1', ['a3'])).rows, [{ manager_id: 'm3' }])
})

test('once the account is open, a booking asks management for nothing', async () => {
  const { database, onTaskCreated } = await setup()
  assert.deepEqual(await receive(database, onTaskCreated, created(1, 't1', 'm1')), ['done'])
})

test('a booking keeps when its fact happened, as its owner says; what is no time, or none that can be kept, is left out and holds up nothing', async () => {
  const { database, onTaskCreated } = await setup()
  const at = (n: number, time: string): Incoming<never> => {
    const message = created(n, `t${n}`)
    const { envelope } = message as unknown as { envelope: Envelope }
    return { ...message, envelope: { ...envelope, meta: { ...envelope.meta, produced_at: time } } as never }
  }
  const times = ['2026-11-30T23:59:59+03:00', 'yesterday', '', '+275760-09-13T00:00:00Z', '1066-10-14T00:00:00Z']
  const outcomes = await receive(database, onTaskCreated, ...times.map((time, n) => at(n + 1, time)))
  assert.deepEqual(
    outcomes,
    times.map(() => 'done'),
  )
  const { rows } = await database.query<{ happened_at: Date | null }>('select happened_at from ledger order by task_id')
  assert.deepEqual(
    rows.map(row => row.happened_at?.toISOString() ?? null),
    ['2026-11-30T20:59:59.000Z', null, null, null, null],
  )
})
