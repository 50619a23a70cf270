import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { crashing, Crash } from '../../../tests/crashing.ts'
import { type MonthEnd, startMonthEnd } from '../../../tests/month-end.ts'
import { checkBooks, type Entry, fund, post } from '../ledger/ledger.ts'
import { beginUnderPeriod, closePeriod } from './closing.ts'
import { booksOf } from './reconciliation.ts'

const started: MonthEnd[] = []
after(async () => {
  await Promise.all(started.map(one => one.stop()))
})
async function start(): Promise<MonthEnd> {
  const one = await startMonthEnd()
  started.push(one)
  return one
}

const wrongIn = async (bonuses: MonthEnd): Promise<unknown> => {
  const { checks } = (await bonuses.call('operator', 'GET', '/operator/checks')).body as { checks: { check: string; wrong: number }[] }
  return checks.filter(check => check.wrong > 0)
}

/** Resolves when somebody waits for the lock of the period. */
async function waitedFor({ database }: MonthEnd, mode: 'ShareLock' | 'ExclusiveLock'): Promise<void> {
  for (;;) {
    const { rowCount } = await database.query(
      `select from pg_locks where locktype = 'advisory' and classid = 1112493651 and mode = '${mode}' and not granted
          and database = (select oid from pg_database where datname = current_database())`,
    )
    if (rowCount > 0) return
  }
}

const gate = (): { wait: Promise<void>; open: () => void } => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { wait: promise, open: resolve }
}

const lockSql = 'select pg_advisory_xact_lock(1112493651, 1)'

/** What a closing does, held open in its middle. */
async function closingHeld({ database }: MonthEnd, hold: Promise<void>, entered: () => void): Promise<void> {
  await database.transaction(async tx => {
    await tx.query(lockSql)
    await tx.query('update period set closed_at = clock_timestamp(), last_position = 0 where closed_at is null')
    await tx.query(`insert into period (period_id, opened_at) values ('2099-12', now())`)
    entered()
    await hold
  })
}

test('a closing while twenty book: every booking is in one period, none after its closing, and the balances agree', async () => {
  const bonuses = await start()
  const { database } = bonuses
  const first = await bonuses.open()
  let stop = false
  const booked: string[] = []
  const bookers = Array.from({ length: 20 }, async (_, n) => {
    while (!stop) booked.push(await bonuses.book(`a${(n % 3) + 1}`, n % 4 === 0 ? -300 : 500))
  })
  const periods = [first]
  for (let closing = 0; closing < 5; closing++) {
    const enough = booked.length + 40
    while (booked.length < enough) await new Promise(setImmediate)
    periods.push((await bonuses.close()).next)
  }
  stop = true
  await Promise.all(bookers)
  const { rows } = await database.query<{ period: string; count: number }>(
    'select period_id as period, count(*)::int as count from ledger group by 1 order by 1',
  )
  assert.equal(
    rows.reduce((sum, row) => sum + row.count, 0),
    booked.length,
  )
  assert.ok(rows.filter(row => row.count >= 40).length >= 5, JSON.stringify(rows))
  for (const period of periods) {
    const { balanced, mismatched } = await booksOf(database, period)
    assert.deepEqual([balanced, mismatched], [true, []], period)
  }
  assert.deepEqual(await wrongIn(bonuses), [])
  assert.deepEqual(await checkBooks(database), { balanced: true, sum: 0, mismatched: [] })
})

test('a booking that meets a closing waits for it and goes into the next period, also one of an older build that names no period', async () => {
  const bonuses = await start()
  const { database } = bonuses
  const [hold, entered] = [gate(), gate()]
  const closing = closingHeld(bonuses, hold.wait, entered.open)
  await entered.wait
  const own = bonuses.book('a1', 100)
  await waitedFor(bonuses, 'ShareLock')
  const older = database.query(
    `insert into ledger (business_key, fact_id, reason, task_id, creator_id, debit_account, credit_account, amount, policy_version)
     select 'Old:1', '01890000-0000-7000-8000-000000000001', 'task created', 't', 'm1', 'bonus-fund', 'a1', 1, 1`,
  )
  hold.open()
  await Promise.all([closing, own, older])
  const { rows } = await database.query('select distinct period_id from ledger')
  assert.deepEqual(rows, [{ period_id: '2099-12' }])
})

test('the control: a period that is read in the statement that takes the lock is the old one, and money comes into a closed period', async () => {
  const bonuses = await start()
  const { database } = bonuses
  const first = await bonuses.open()
  await database.query(
    `create or replace function open_period() returns text language sql stable as
       $$ select period_id from (select pg_advisory_xact_lock_shared(1112493651, 1) offset 0) locked, period where closed_at is null $$`,
  )
  const [hold, entered] = [gate(), gate()]
  const closing = closingHeld(bonuses, hold.wait, entered.open)
  await entered.wait
  const own = bonuses.book('a1', 100)
  await waitedFor(bonuses, 'ShareLock')
  hold.open()
  await Promise.all([closing, own])
  assert.deepEqual((await database.query('select period_id from ledger')).rows, [{ period_id: first }])
})

test('a booking above read committed is refused, because its snapshot could be older than the lock', async () => {
  const { database } = await start()
  for (const level of ['repeatable read', 'serializable']) {
    const entry = { businessKey: 'k', factId: '01890000-0000-7000-8000-000000000001', reason: 'task created', taskId: 't' }
    const own: Entry = {
      ...entry,
      candidateId: null,
      creatorId: 'm1',
      debit: fund,
      credit: 'a1',
      amount: 1,
      rating: null,
      policyVersion: 1,
    }
    await assert.rejects(
      database.transaction(tx => post([own], tx), `begin isolation level ${level}`),
      { code: '25001' },
      level,
    )
  }
})

test('a closing waits for a booking that has not committed, and is undone as a whole when it cannot get through', async () => {
  const bonuses = await start()
  const { database } = bonuses
  const hold = gate()
  const entered = gate()
  const booking = database.transaction(async () => {
    entered.open()
    await hold.wait
  }, beginUnderPeriod)
  await entered.wait
  // A clock that does not wait: forty attempts are over when forty time-outs are.
  const patience = { now: () => 0, sleep: async () => undefined }
  let attempts = 0
  const counting = {
    ...database,
    transaction: ((work, begin) => (attempts++, database.transaction(work, begin))) as typeof database.transaction,
  }
  const period = await bonuses.open()
  const refused = closePeriod({ clock: patience, random: bonuses.delivery.random }, { period, by: 'f1' }, work =>
    counting.transaction(work),
  )
  await assert.rejects(refused, { code: 'period_busy' })
  assert.equal(attempts, 40)
  assert.equal((await database.query('select from period')).rowCount, 1)
  const closing = bonuses.close(period)
  await waitedFor(bonuses, 'ExclusiveLock')
  hold.open()
  await booking
  assert.equal((await closing).changed, true)
})

test('closing twice, or ten times at once, closes once and owes once', async () => {
  const bonuses = await start()
  const period = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.book('a2', -400)
  const all = await Promise.all(Array.from({ length: 10 }, () => bonuses.close(period)))
  assert.equal(all.filter(one => one.changed).length, 1)
  const said = { accounts: 5, payouts: 1, payout_total: 1_000, carried: -400, closed_by: 'f1' }
  for (const { changed: _, closed_at: __, period: ___, next: ____, ...rest } of all) assert.deepEqual(rest, said)
  assert.deepEqual(await bonuses.states(), { [`Payout:${period}:a1`]: 'pending 1000' })
  assert.equal((await bonuses.close(period)).changed, false)
  await assert.rejects(bonuses.close('2031-01'), { code: 'period_unknown' })
})

test('a closing that crashes at any of its statements has done all or nothing, and the next one does it once', async () => {
  const bonuses = await start()
  const owed: Record<string, string> = {}
  for (const when of ['before', 'after'] as const) {
    for (let at = 0, over = false; !over; at++) {
      const period = await bonuses.open()
      await bonuses.book('a1', 1_000)
      const crash = crashing(bonuses.database, at, when)
      const { clock, random } = bonuses.delivery
      await closePeriod({ clock, random }, { period, by: 'f1' }, work => crash.database.transaction(work)).catch(error => {
        if (!(error instanceof Crash)) throw error
      })
      over = !crash.crashed()
      await bonuses.close(period)
      owed[`Payout:${period}:a1`] = 'pending 1000'
      assert.deepEqual(await bonuses.states(), owed, `${when} ${at}`)
    }
  }
  assert.ok(Object.keys(owed).length > 18)
  assert.deepEqual(await wrongIn(bonuses), [])
})

test('what was closed stays closed: no statement changes a closing, and what is slipped in behind it is found', async () => {
  const bonuses = await start()
  const { database } = bonuses
  const first = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.close()
  for (const statement of [
    'update period_account set closing = 0',
    'delete from period_account',
    'update period set closed_by = null where closed_at is not null',
    'delete from period',
    'truncate period_account',
  ]) {
    await assert.rejects(database.query(statement), { code: '42501' }, statement)
  }
  await database.query(
    `insert into ledger (business_key, fact_id, reason, task_id, creator_id, debit_account, credit_account, amount, policy_version, period_id)
     values ('Late:1', '01890000-0000-7000-8000-000000000001', 'task created', 't', 'm1', 'bonus-fund', 'a2', 0, 1, $1)`,
    [first],
  )
  const found = JSON.stringify(await wrongIn(bonuses))
  assert.match(found, /booking \d+ is later than the closing/)
})
