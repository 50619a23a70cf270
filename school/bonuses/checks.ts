import type { Tx } from 'cutover/database'
import type { RouteDefinition } from 'cutover/http/server'
import { compareWithFinance, type Difference } from './payouts/comparison.ts'
import type { Finance } from './payouts/finance.ts'

/** What verify is told of one check. */
interface Check {
  readonly check: string
  readonly counted: number
  readonly open: number
  readonly wrong: number
  readonly samples: readonly string[]
}

const samplesMax = 10

export const checkRoutes = (tx: Tx, finance: Finance): RouteDefinition[] => [
  {
    method: 'GET',
    path: '/operator/checks',
    operationId: 'operatorChecks',
    summary: 'Whether what was closed has stayed closed, and every pay-out is booked here and paid by the finance service once.',
    policy: 'operator',
    tags: ['operator'],
    handle: async () => ({ body: { checks: [await checkClosings(tx), await checkPayouts(tx, finance)] } }),
  },
]

/** No booking has come into a period after its closing: its accounts still lead to the balances of then, and no row is later. */
async function checkClosings(tx: Tx): Promise<Check> {
  const { rows } = await tx.query<{ period: string; account: string | null; detail: string | null; total: string }>(
    `with side as (
       select period_id, credit_account as account_id, amount from ledger union all select period_id, debit_account, -amount from ledger
     ), moved as (select period_id, account_id, sum(amount) as amount from side group by 1, 2),
     closed as (select period_id, last_position, lag(period_id) over (order by period_id) as before from period where closed_at is not null),
     wrong as (
       select c.period_id, coalesce(k.account_id, m.account_id) as account_id,
              case when k.account_id is null then 'an account that was not there' else
                format('%s at the closing, %s by its bookings', k.closing, coalesce(b.closing, 0) + coalesce(m.amount, 0)) end as detail
         from closed c
         join (select period_id, account_id from period_account union select period_id, account_id from moved) a using (period_id)
         left join period_account k using (period_id, account_id)
         left join moved m using (period_id, account_id)
         left join period_account b on b.period_id = c.before and b.account_id = a.account_id
        where k.account_id is null or k.closing <> coalesce(b.closing, 0) + coalesce(m.amount, 0)
       union all
       select c.period_id, null, format('booking %s is later than the closing', position)
         from closed c join ledger l using (period_id) where l.position > c.last_position
     )
     select period_id as period, account_id as account, detail, count(*) over () as total from wrong order by 1, 2 limit ${samplesMax}`,
    [],
  )
  const { rows: counted } = await tx.query<{ count: string }>('select count(*) from period where closed_at is not null', [])
  return {
    check: 'closed periods',
    counted: Number(counted[0]?.count ?? 0),
    open: 0,
    wrong: Number(rows[0]?.total ?? 0),
    samples: rows.map(({ period, account, detail }) => [period, account, detail].filter(part => part !== null).join(' ')),
  }
}

/** What was paid there for the period that is open here: its closing was lost with an older backup, or was never made. */
async function paidTooEarly(tx: Tx, finance: Finance): Promise<readonly Difference[]> {
  const open = async (): Promise<string> =>
    (await tx.query<{ period_id: string }>('select period_id from period where closed_at is null', [])).rows[0]?.period_id ?? ''
  const period = await open()
  const { differences } = await compareWithFinance(tx, finance, period)
  // It may have been closed, and paid, while this was asked.
  return differences.length > 0 && (await open()) === period ? differences : []
}

/** Each pay-out of every closed period, once here and once there. Throws `unavailable` while the finance service does not say. */
async function checkPayouts(tx: Tx, finance: Finance): Promise<Check> {
  const { rows } = await tx.query<{ period: string; payouts: string }>(
    `select period_id as period, (select count(*) from payout p where p.period_id = period.period_id and p.state <> 'carried') as payouts
       from period where closed_at is not null order by period_id`,
    [],
  )
  let [counted, open, wrong] = [0, 0, 0]
  const samples: string[] = []
  for (const { period, payouts } of rows) {
    const { agreed, differences } = await compareWithFinance(tx, finance, period)
    const wrongHere = new Set(differences.map(one => one.account)).size
    counted += Number(payouts)
    wrong += wrongHere
    open += Math.max(0, Number(payouts) - agreed - wrongHere)
    samples.push(...differences.map(({ fault, account, detail }) => `${period} ${account} ${fault}: ${detail}`))
  }
  for (const { account, detail } of await paidTooEarly(tx, finance)) {
    wrong++
    samples.push(`${account} only_there: ${detail}`)
  }
  return { check: 'pay-outs', counted, open, wrong, samples: samples.slice(0, samplesMax) }
}
