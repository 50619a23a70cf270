import type { Database } from 'cutover/database'
import type { Random } from 'cutover/process/clock'
import type { Payment, PayoutRequest } from '../contracts/http/payout.ts'

/** Pays what is asked under the key, once for ever, and answers with the payment; null when the key was used for something else. */
export async function pay(
  database: Database,
  key: string,
  { period, account, amount: asked }: PayoutRequest,
  amount: number,
  random: Random,
): Promise<{ readonly payment: Payment; readonly repeated: boolean } | null> {
  const { rowCount } = await database.query(
    `insert into payment (payment_key, period_id, account_id, asked, amount, reference) values ($1, $2, $3, $4, $5, $6)
     on conflict (payment_key) do nothing`,
    [key, period, account, asked, amount, `F-${random.uuid()}`],
  )
  const found = await paidUnder(database, key)
  if (found === null || found.period !== period || found.account !== account || found.asked !== asked) return null
  const { asked: _, ...payment } = found
  return { payment, repeated: rowCount === 0 }
}

interface Row {
  readonly key: string
  readonly period: string
  readonly account: string
  readonly asked: string
  readonly amount: string
  readonly reference: string
}
const columns = 'payment_key as key, period_id as period, account_id as account, asked, amount, reference'

/** The payment under this key, with what was asked for; null when there is none. */
export async function paidUnder(database: Database, key: string): Promise<(Payment & { readonly asked: number }) | null> {
  const { rows } = await database.query<Row>(`select ${columns} from payment where payment_key = $1`, [key])
  const [row] = rows
  return row === undefined ? null : { ...row, asked: Number(row.asked), amount: Number(row.amount) }
}

/** What was paid for a period, by key, from after `after`. */
export async function paidFor(database: Database, period: string, after: string, limit: number): Promise<readonly Payment[]> {
  const { rows } = await database.query<Row>(
    `select ${columns} from payment where period_id = $1 and payment_key > $2 order by payment_key limit $3`,
    [period, after, limit],
  )
  return rows.map(({ asked: _, ...row }) => ({ ...row, amount: Number(row.amount) }))
}
