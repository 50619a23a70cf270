// Any order of credits, debits, closings, answers and misbehaviours, against a simple account of what should come of it.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { type MonthEnd, startMonthEnd } from '../../../tests/month-end.ts'
import { type Mode, modeNames } from '../../finance/behaviour.ts'
import { checkBooks } from '../ledger/ledger.ts'
import { deliverDue } from './delivery.ts'
import { retry, settle } from './payouts.ts'

let bonuses: MonthEnd | undefined
after(() => bonuses?.stop())

type Act =
  | { readonly do: 'book'; readonly account: string; readonly amount: number }
  | { readonly do: 'close' }
  | { readonly do: 'ask'; readonly mode: Mode }
  | { readonly do: 'say again'; readonly nth: number }
  | { readonly do: 'retry'; readonly nth: number }

const account = fc.constantFrom('a1', 'a2', 'a3')
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('book' as const), account, amount: fc.integer({ min: -900, max: 1_000 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'close' as const }) },
  // Short payments need a person; they have a test of their own.
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('ask' as const), mode: fc.constantFrom(...modeNames.filter(mode => mode !== 'short')) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('say again' as const), nth: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retry' as const), nth: fc.nat(20) }) },
)

async function perform({ database, delivery, paymentsDatabase, ...own }: MonthEnd, one: Act): Promise<void> {
  const nth = async (from: MonthEnd['database'], sql: string, n: number): Promise<Record<string, string> | undefined> => {
    const { rows } = await from.query<Record<string, string>>(sql)
    return rows[n % Math.max(1, rows.length)]
  }
  switch (one.do) {
    case 'book':
      await own.book(one.account, one.amount)
      return
    case 'close':
      await own.close(await own.open())
      return
    case 'ask':
      await own.misbehave(one.mode)
      await database.query(`update payout set next_at = clock_timestamp() where state = 'pending'`)
      await deliverDue(delivery)
      return
    case 'say again': {
      const paid = await nth(
        paymentsDatabase,
        'select payment_key, period_id, account_id, amount, reference from payment order by 1',
        one.nth,
      )
      if (paid === undefined) return
      const { payment_key: key = '', period_id: period = '', account_id: account = '', reference = '' } = paid
      await settle(database, { key, period, account, reference, amount: Number(paid['amount']) })
      return
    }
    case 'retry': {
      const refused = await nth(database, `select payout_key as key from payout where state = 'refused' order by 1`, one.nth)
      if (refused !== undefined) await retry(database, refused['key'] ?? '', 'f1')
    }
  }
}

test('whatever the order: the sum is zero, no money is paid that was not earned, and each pay-out is paid once and booked once', async () => {
  bonuses = await startMonthEnd({ deadlineMs: 60 })
  const own = bonuses
  const { database } = own
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40, size: 'max' }), async acts => {
      for (const one of acts) await perform(own, one)
      // In the end everything is answered, and the last closing takes what was refused with it.
      await own.misbehave('pays')
      await own.close(await own.open())
      await own.deliver(200)
      const { rows: open } = await database.query(`select payout_key, state from payout where state not in ('confirmed', 'carried')`)
      assert.deepEqual(open, [])
      const { rows: owed } = await database.query<{ key: string; amount: string }>(
        `select payout_key as key, amount from payout where state = 'confirmed' order by payout_key`,
      )
      const { rows: booked } = await database.query<{ key: string; amount: string }>(
        `select business_key as key, amount from ledger where reason = 'pay-out' order by business_key`,
      )
      const paid = Object.fromEntries(owed.map(row => [row.key, Number(row.amount)]))
      assert.deepEqual(booked, owed)
      assert.deepEqual(await own.payments(), paid)
      assert.deepEqual(await checkBooks(database), { balanced: true, sum: 0, mismatched: [] })
      // Of each account everything that it has earned is paid, and never more than it had earned at some closing.
      const { rows: accounts } = await database.query<{ account: string; earned: string; most: string; paid: string }>(
        `with moved as (
           select period_id, credit_account as account, amount from ledger where reason <> 'pay-out'
           union all select period_id, debit_account, -amount from ledger where reason <> 'pay-out'
         ), earned as (
           select account_id as account, period_id,
                  (select coalesce(sum(amount), 0) from moved where account = account_id and moved.period_id <= period.period_id) as earned
             from account cross join period where manager_id is not null
         )
         select account, (array_agg(earned order by period_id desc))[1] as earned, greatest(0, max(earned)) as most,
                coalesce((select sum(amount) from ledger where reason = 'pay-out' and debit_account = account), 0) as paid
           from earned group by account`,
      )
      for (const { account, earned, most, paid: total } of accounts)
        assert.ok(
          Number(earned) <= Number(total) && Number(total) <= Number(most),
          `${account}: earned ${earned}, at most ${most}, paid ${total}`,
        )
      const { status, body } = await own.call('operator', 'GET', '/operator/checks')
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(
        (body['checks'] as { wrong: number; open: number }[]).map(check => check.wrong + check.open),
        [0, 0],
      )
    }),
    { numRuns: 25, endOnFailure: true },
  )
})
