import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { freshDatabase } from '../../../tests/database.ts'
import { checkBooks, type Entry, fund, post } from './ledger.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup(): Promise<Database> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 12, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [{ name: 'bonuses', folder: fileURLToPath(new URL('../db', import.meta.url)) }])
  await database.query(`insert into account (account_id, manager_id) values ('a1', 'm1'), ('a2', 'm2')`)
  return database
}

const anEntry = (changes: Partial<Entry> = {}): Entry => ({
  businessKey: 'TaskCompleted:t1:c1',
  factId: '01890000-0000-7000-8000-000000000001',
  reason: 'task completed',
  taskId: 't1',
  candidateId: 'c1',
  creatorId: 'm1',
  debit: fund,
  credit: 'a1',
  amount: 1_000,
  rating: 50,
  policyVersion: 1,
  ...changes,
})

const balance = async (database: Database, account: string): Promise<number> => {
  const { rows } = await database.query<{ balance: string }>('select balance from account where account_id = $1', [account])
  return Number(rows[0]?.balance)
}

test('a repeat is told from a conflict by every field that the booking depends on', async () => {
  const database = await setup()
  const f2 = '01890000-0000-7000-8000-000000000002'
  const table: readonly [what: string, changes: Partial<Entry>, outcome: string, balance: number][] = [
    ['the first', {}, 'done', 1_000],
    ['the same again', {}, 'duplicate', 1_000],
    ['another fact id', { factId: f2 }, 'duplicate', 1_000],
    ['another policy version', { policyVersion: 2 }, 'duplicate', 1_000],
    ['another amount', { amount: 2_500 }, 'conflict', 1_000],
    ['another rating', { rating: 51 }, 'conflict', 1_000],
    ['another creator', { creatorId: 'm2', credit: 'a2' }, 'conflict', 1_000],
    ['another reason', { reason: 'task failed' }, 'conflict', 1_000],
    ['another candidate', { businessKey: 'TaskCompleted:t1:c2', candidateId: 'c2' }, 'done', 2_000],
    [
      'a debit',
      { businessKey: 'TaskFailed:t1:c3', candidateId: 'c3', reason: 'task failed', debit: 'a1', credit: fund, amount: 500 },
      'done',
      1_500,
    ],
    [
      'the other outcome of a task that has ended',
      { businessKey: 'TaskFailed:t1:c1', reason: 'task failed', debit: 'a1', credit: fund, amount: 500, rating: null },
      'conflict',
      1_500,
    ],
    ['an amount of nothing', { businessKey: 'TaskCompleted:t1:c4', candidateId: 'c4', amount: 0, rating: 0 }, 'done', 1_500],
  ]
  for (const [what, changes, outcome, expected] of table) {
    const [posted] = await database.transaction(tx => post([anEntry(changes)], tx))
    assert.equal(posted?.outcome, outcome, what)
    assert.equal(await balance(database, 'a1'), expected, what)
  }
  assert.deepEqual(await checkBooks(database), { balanced: true, sum: 0, mismatched: [] })
})

test('the same bookings from many connections at once are booked once each, and the books balance', async () => {
  const database = await setup()
  const entries = Array.from({ length: 40 }, (_, n) =>
    anEntry({ businessKey: `TaskCompleted:t${n}:c1`, taskId: `t${n}`, ...(n % 2 === 0 ? { credit: 'a2', creatorId: 'm2' } : {}) }),
  ).toSorted((a, b) => (a.businessKey < b.businessKey ? -1 : 1))
  const all = await Promise.all(Array.from({ length: 10 }, () => database.transaction(tx => post(entries, tx))))
  assert.equal(all.flat().filter(one => one.outcome === 'done').length, 40)
  assert.equal(all.flat().filter(one => one.outcome === 'duplicate').length, 360)
  assert.equal(await balance(database, fund), -40_000)
  assert.deepEqual(await checkBooks(database), { balanced: true, sum: 0, mismatched: [] })
})

test('rows of the ledger are never changed or removed', async () => {
  const database = await setup()
  await database.transaction(tx => post([anEntry()], tx))
  for (const statement of ['update ledger set amount = 1', 'delete from ledger', 'truncate ledger']) {
    await assert.rejects(database.query(statement), { code: '42501' }, statement)
  }
})

test('a booking on an account that does not exist books nothing', async () => {
  const database = await setup()
  await assert.rejects(
    database.transaction(tx => post([anEntry({ credit: 'a9' })], tx)),
    /2 accounts were to be booked on, 1 exist/,
  )
  assert.deepEqual(await checkBooks(database), { balanced: true, sum: 0, mismatched: [] })
  assert.equal((await database.query('select from ledger')).rowCount, 0)
})

test('a balance that was changed behind the ledger is found', async () => {
  const database = await setup()
  await database.transaction(tx => post([anEntry()], tx))
  await database.query(`update account set balance = balance + 1 where account_id = 'a1'`)
  assert.deepEqual(await checkBooks(database), { balanced: false, sum: 1, mismatched: ['a1'] })
})

test('a booking is corrected by one reversal that mirrors it, and its key stays taken', async () => {
  const database = await setup()
  await database.transaction(tx => post([anEntry()], tx))
  const reverse = (amount: string): string =>
    `insert into ledger (business_key, fact_id, reason, task_id, creator_id, debit_account, credit_account, amount, policy_version, reverses)
     select business_key, fact_id, 'reversal', task_id, creator_id, credit_account, debit_account, ${amount}, policy_version, position
       from ledger where reverses is null`
  await assert.rejects(database.query(reverse('amount - 1')), { code: '23514' })
  await database.query(reverse('amount'))
  await assert.rejects(database.query(reverse('amount')), { code: '23505' })
  const [posted] = await database.transaction(tx => post([anEntry()], tx))
  assert.equal(posted?.outcome, 'duplicate')
})
