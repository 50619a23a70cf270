import type { Tx } from 'cutover/database'
import type { Payment } from '../../contracts/http/payout.ts'
import type { State } from './answer.ts'
import type { Finance } from './finance.ts'

/** A pay-out as the books have it: what is owed, and what the ledger says was paid. */
export interface Booked {
  readonly account: string
  /** Null when the ledger has a pay-out that no closing has owed. */
  readonly amount: number | null
  readonly state: State | null
  /** What the finance service has said that contradicts it. */
  readonly conflict: string | null
  /** Rows of the ledger, by their plain columns, and their sum. */
  readonly bookings: number
  readonly booked: number
}

export const faults = ['only_here', 'only_there', 'different', 'repeated', 'contradicted'] as const
export type Fault = (typeof faults)[number]

export interface Difference {
  readonly fault: Fault
  readonly account: string
  readonly detail: string
}

/** What both sides say about the pay-outs of one period. */
export interface Comparison {
  /** Paid there and booked here, once each, with the same amount. */
  readonly agreed: number
  readonly agreed_total: number
  /** Paid there and not booked here yet: the next answer brings it. */
  readonly unconfirmed: readonly string[]
  readonly differences: readonly Difference[]
}

/** Compares the sets both ways: pure. Here must have been read before there, so that what is booked is paid there as well. */
export function comparePayments(here: readonly Booked[], there: readonly Payment[]): Comparison {
  const paid = Map.groupBy(there, one => one.account)
  const differences: Difference[] = []
  const unconfirmed: string[] = []
  let [agreed, total] = [0, 0]
  const known = new Set(here.map(one => one.account))
  for (const one of here) {
    const { account, amount, state } = one
    const find = (fault: Fault, detail: string): void => void differences.push({ fault, account, detail })
    const payments = paid.get(account) ?? []
    const [payment] = payments
    const isBooked = one.bookings > 0
    if (one.conflict !== null) find('contradicted', one.conflict)
    else if (one.bookings > 1) find('repeated', `booked ${one.bookings} times here`)
    else if (payments.length > 1) find('repeated', `paid ${payments.length} times there`)
    else if (isBooked !== (state === 'confirmed'))
      find('different', `it is ${state ?? 'not owed'} here, and ${one.bookings} times in the ledger`)
    else if (isBooked && one.booked !== amount) find('different', `the ledger has ${one.booked}, owed is ${amount}`)
    else if (payment === undefined) {
      if (isBooked) find('only_here', `${one.booked} is booked here, and nothing was paid there`)
    } else if (state === 'carried') find('only_there', `${payment.amount} was paid there, and its amount was carried on here`)
    else if (payment.amount !== amount) find('different', `${payment.amount} was paid there, owed is ${amount}`)
    else if (isBooked) [agreed, total] = [agreed + 1, total + payment.amount]
    else unconfirmed.push(account)
  }
  for (const [account, payments] of paid) {
    if (known.has(account)) continue
    const sum = payments.reduce((all, one) => all + one.amount, 0)
    differences.push({ fault: 'only_there', account, detail: `${sum} was paid there, and no closing has owed it` })
  }
  return { agreed, agreed_total: total, unconfirmed, differences }
}

/** Compares a closed period with what the finance service says. Throws `unavailable` when that does not say it. */
export async function compareWithFinance(tx: Tx, finance: Finance, period: string): Promise<Comparison> {
  const here = await bookedFor(tx, period)
  const there: Payment[] = []
  for await (const page of finance.paid(period)) there.push(...page)
  return comparePayments(here, there)
}

async function bookedFor(tx: Tx, period: string): Promise<readonly Booked[]> {
  const { rows } = await tx.query<{
    account: string
    amount: string | null
    state: State | null
    conflict: string | null
    bookings: string
    booked: string
  }>(
    `select account_id as account, amount, state, conflict, coalesce(bookings, 0) as bookings, coalesce(booked, 0) as booked
       from (select account_id, amount, state, conflict from payout where period_id = $1) owed
       full join (select debit_account as account_id, count(*) as bookings, sum(amount) as booked from ledger
                   where reason = 'pay-out' and business_key like 'Payout:' || $1 || ':%'
                     and not exists (select from ledger undone where undone.reverses = ledger.position)
                   group by debit_account) paid using (account_id)
      order by account_id`,
    [period],
  )
  return rows.map(row => ({
    account: row.account,
    amount: row.amount === null ? null : Number(row.amount),
    state: row.state,
    conflict: row.conflict,
    bookings: Number(row.bookings),
    booked: Number(row.booked),
  }))
}
