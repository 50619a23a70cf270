import type { Tx } from 'cutover/database'
import type { State } from '../payouts/answer.ts'

/** What one account did in a period, in minor units: opening + credits - debits - paid = closing. */
export interface AccountLine {
  readonly account: string
  readonly opening: number
  readonly credits: number
  readonly debits: number
  /** Booked as paid out in this period, whichever closing owed it; negative for the account that pay-outs go to. */
  readonly paid: number
  readonly closing: number
  /** Of the closing balance: what an earlier pay-out had a claim on. */
  readonly held: number
  /** What the closing of this period owes to it, and what came of that. */
  readonly payout: number | null
  readonly payout_state: State | null
  /** What goes on into the next period: the closing balance without what is held or being paid. Null where nobody is paid. */
  readonly carried: number | null
}

export interface Totals extends Omit<AccountLine, 'account' | 'payout' | 'payout_state' | 'carried'> {
  readonly carried: number
  readonly accounts: number
  readonly payouts: Readonly<Record<State, { readonly count: number; readonly amount: number }>>
}

export interface Books {
  readonly totals: Totals
  /** All closing balances sum to zero, what was credited was debited, and no account is in `mismatched`. */
  readonly balanced: boolean
  /** Accounts whose closing balance is not what their bookings of the period lead to; the first twenty. */
  readonly mismatched: readonly string[]
  /** Bookings whose fact had happened in a period that was closed by then. */
  readonly late: number
}

// An index of a few kilobytes finds the rows of the period, because periods follow each other in the table.
const linesSql = `
  with this as (select period_id, closed_at, opened_at from period where period_id = $1),
  before as (select max(period_id) as period_id from period where period_id < $1),
  moved as (
    select account_id, sum(credit) as credits, sum(debit) as debits, sum(paid) as paid from (
      select credit_account as account_id, case when reason = 'pay-out' then 0 else amount end as credit, 0 as debit,
             case when reason = 'pay-out' then -amount else 0 end as paid from ledger where period_id = $1
      union all
      select debit_account, 0, case when reason = 'pay-out' then 0 else amount end,
             case when reason = 'pay-out' then amount else 0 end from ledger where period_id = $1
    ) each group by account_id
  ),
  open_claim as (
    select account_id, sum(amount) as held from payout, this where closed_at is null and state in ('pending', 'conflict') group by account_id
  ),
  line as (
    select a.account_id as account, coalesce(o.closing, 0) as opening, coalesce(credits, 0) as credits, coalesce(debits, 0) as debits,
           coalesce(paid, 0) as paid, case when this.closed_at is null then a.balance else c.closing end as closing,
           coalesce(c.held, open_claim.held, 0) as held, t.amount as payout, t.state as payout_state,
           case when a.manager_id is not null then
             case when this.closed_at is null then a.balance else c.closing end - coalesce(c.held, open_claim.held, 0)
               - case when t.state in ('pending', 'confirmed', 'conflict') then t.amount else 0 end
           end as carried
      from this cross join account a
      left join period_account c on c.period_id = this.period_id and c.account_id = a.account_id
      left join period_account o on o.period_id = (select period_id from before) and o.account_id = a.account_id
      left join moved on moved.account_id = a.account_id
      left join open_claim on open_claim.account_id = a.account_id
      left join payout t on t.period_id = this.period_id and t.account_id = a.account_id
     where this.closed_at is null or c.account_id is not null
  )`

type Raw<Row> = { readonly [Column in keyof Row]: Row[Column] extends number | null ? string | null : Row[Column] }
const numberOf = (text: string | null): number => Number(text ?? 0)

/** Accounts in the order of their ids, from after `after`. */
export async function accountLines(tx: Tx, period: string, after: string, limit: number): Promise<readonly AccountLine[]> {
  const { rows } = await tx.query<Raw<AccountLine>>(`${linesSql} select * from line where account > $2 order by account limit $3`, [
    period,
    after,
    limit,
  ])
  return rows.map(row => ({
    account: row.account,
    opening: numberOf(row.opening),
    credits: numberOf(row.credits),
    debits: numberOf(row.debits),
    paid: numberOf(row.paid),
    closing: numberOf(row.closing),
    held: numberOf(row.held),
    payout: row.payout === null ? null : Number(row.payout),
    payout_state: row.payout_state,
    carried: row.carried === null ? null : Number(row.carried),
  }))
}

const sums = ['opening', 'credits', 'debits', 'paid', 'closing', 'held', 'carried'] as const
type Sums = Readonly<Record<(typeof sums)[number], string>>

const totalsSql = `${linesSql}
  select count(*) as accounts, ${sums.map(name => `coalesce(sum(${name}), 0) as ${name}`).join(', ')},
         (select array(select account from line where opening + credits - debits - paid <> closing order by account limit 20)) as mismatched,
         (select count(*) from ledger, this where ledger.period_id = $1 and happened_at < this.opened_at) as late,
         (select coalesce(json_object_agg(payout_state, json_build_object('count', count, 'amount', amount)), '{}')
            from (select payout_state, count(*) as count, sum(payout) as amount from line where payout is not null group by 1) each) as payouts
    from line`

/** The sums over all accounts of a period, and whether they are right: everything is added up anew from the ledger. */
export async function booksOf(tx: Tx, period: string): Promise<Books> {
  const { rows } = await tx.query<
    Sums & { accounts: string; mismatched: string[]; late: string; payouts: Partial<Record<State, { count: number; amount: number }>> }
  >(totalsSql, [period])
  const [row] = rows
  if (row === undefined) throw new Error('a sum without a row')
  const of = (name: keyof Sums): number => Number(row[name])
  const none = { count: 0, amount: 0 }
  const { pending = none, confirmed = none, refused = none, carried = none, conflict = none } = row.payouts
  return {
    totals: {
      accounts: Number(row.accounts),
      opening: of('opening'),
      credits: of('credits'),
      debits: of('debits'),
      paid: of('paid'),
      closing: of('closing'),
      held: of('held'),
      carried: of('carried'),
      payouts: { pending, confirmed, refused, carried, conflict },
    },
    balanced: of('closing') === 0 && of('credits') === of('debits') && of('paid') === 0 && row.mismatched.length === 0,
    mismatched: row.mismatched,
    late: Number(row.late),
  }
}
