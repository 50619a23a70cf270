import type { Database, Tx } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { Payment } from '../../contracts/http/payout.ts'
import { paidOut, post } from '../ledger/ledger.ts'
import { beginUnderPeriod } from '../periods/closing.ts'
import { type Owed, type Settlement, settlementOf, type State } from './answer.ts'

/** What is due, at most `most`, for this process alone until `leaseMs` have passed: a process that dies has held it no longer. */
export async function claim(database: Database, most: number, leaseMs: number): Promise<readonly (Owed & { readonly attempts: number })[]> {
  const { rows } = await database.query<Omit<Owed, 'amount'> & { amount: string; attempts: number }>(
    `update payout set next_at = clock_timestamp() + $2 * interval '1 ms', asked_at = clock_timestamp()
      where payout_key in (select payout_key from payout where state = 'pending' and next_at <= clock_timestamp()
                            order by next_at limit $1 for update skip locked)
      returning payout_key as key, period_id as period, account_id as account, amount, attempts`,
    [most, leaseMs],
  )
  return rows.map(row => ({ ...row, amount: Number(row.amount) }))
}

/** Asks again after `delayMs`. Outages of everybody spend no attempt. */
export async function askLater(database: Database, key: string, attempts: 0 | 1, delayMs: number, reason: string | null): Promise<void> {
  await database.query(
    `update payout set attempts = attempts + $2, next_at = clock_timestamp() + $3 * interval '1 ms', reason = coalesce($4, reason)
      where payout_key = $1 and state = 'pending'`,
    [key, attempts, delayMs, reason],
  )
}

/** It was refused for good: it waits for a person, or for the next closing, which carries its amount on. */
export async function refuse(database: Database, key: string, reason: string): Promise<void> {
  await database.query(
    `update payout set state = 'refused', attempts = attempts + 1, reason = $2 where payout_key = $1 and state = 'pending'`,
    [key, reason],
  )
}

/** What the finance service says contradicts what is here: nothing of it is paid again before a person has looked. */
export async function contradict(tx: Tx, key: string, conflict: string): Promise<void> {
  await tx.query(
    `update payout set conflict = $2, state = case when state in ('pending', 'refused') then 'conflict' else state end where payout_key = $1`,
    [key, conflict],
  )
}

/**
 * Takes the word of the finance service that it has paid: books it and says so in one transaction, once, however often
 * and however late it is said. Null when there is no such pay-out.
 */
export async function settle(database: Database, { key, amount, reference }: Payment): Promise<Settlement['do'] | null> {
  // The order of locks is that of every booking: the period, then rows. So it never waits crosswise for a closing.
  return database.transaction(async tx => {
    const { rows } = await tx.query<{ payout_id: string; account_id: string; manager_id: string; amount: string; state: State }>(
      `select payout_id, account_id, manager_id, amount, state from payout join account using (account_id)
        where payout_key = $1 for update of payout`,
      [key],
    )
    const [payout] = rows
    if (payout === undefined) return null
    const settlement = settlementOf(payout.state, Number(payout.amount), amount)
    if (settlement.do === 'contradict') await contradict(tx, key, settlement.conflict)
    if (settlement.do === 'book') {
      await tx.query(
        `update payout set state = 'confirmed', settled_at = clock_timestamp(), reference = $2, reason = null, conflict = null
          where payout_key = $1`,
        [key, reference],
      )
      await book(tx, key, { id: payout.payout_id, account: payout.account_id, manager: payout.manager_id, amount })
    }
    return settlement.do
  }, beginUnderPeriod)
}

async function book(
  tx: Tx,
  key: string,
  paid: { readonly id: string; readonly account: string; readonly manager: string; readonly amount: number },
): Promise<void> {
  const [posted] = await post(
    [
      {
        businessKey: key,
        factId: paid.id,
        reason: 'pay-out',
        taskId: null,
        candidateId: null,
        creatorId: paid.manager,
        debit: paid.account,
        credit: paidOut,
        amount: paid.amount,
        rating: null,
        policyVersion: null,
      },
    ],
    tx,
  )
  if (posted?.outcome !== 'done') throw new Error(`${key} is booked and not confirmed: the books and the pay-outs contradict each other`)
}

/** A person lets a refused or contradicted pay-out be asked for again, under its own key. Repeating it changes nothing. */
export async function retry(tx: Tx, key: string, by: string): Promise<PayoutRow> {
  const { rowCount } = await tx.query(
    `update payout set state = 'pending', next_at = clock_timestamp(), retried_by = $2
      where payout_key = $1 and state in ('refused', 'conflict')`,
    [key, by],
  )
  const [row] = await payouts(tx, { key })
  if (row === undefined) throw new Problem('payout_unknown', { detail: 'there is no pay-out of this period to this account' })
  if (rowCount === 0 && row.state !== 'pending') {
    throw new Problem('payout_settled', { detail: `it is ${row.state}, and only what was refused or is in conflict is asked for again` })
  }
  return row
}

/** A pay-out as finance sees it. */
export interface PayoutRow {
  readonly key: string
  readonly period: string
  readonly account: string
  readonly amount: number
  readonly state: State
  readonly attempts: number
  /** When it was asked for last; from then on it may have been paid. */
  readonly asked_at: string | null
  /** When it is asked for again; null when it is not. */
  readonly next_at: string | null
  readonly reason: string | null
  readonly conflict: string | null
  readonly reference: string | null
  readonly settled_at: string | null
  /** The id of the person who had it asked for again last. */
  readonly retried_by: string | null
}

export interface PayoutsWanted {
  readonly key?: string
  readonly period?: string
  readonly state?: State
  readonly after?: string
  readonly limit?: number
}

/** Pay-outs in the order of their keys, from after `after`. */
export async function payouts(tx: Tx, { key, period, state, after = '', limit = 1_000 }: PayoutsWanted): Promise<readonly PayoutRow[]> {
  const { rows } = await tx.query<Omit<PayoutRow, 'amount'> & { amount: string }>(
    `select payout_key as key, period_id as period, account_id as account, amount, state, attempts, asked_at,
            case when state = 'pending' then next_at end as next_at, reason, conflict, reference, settled_at, retried_by
       from payout
      where ($1::text is null or payout_key = $1) and ($2::text is null or period_id = $2) and ($3::text is null or state = $3)
        and payout_key > $4
      order by payout_key limit $5`,
    [key ?? null, period ?? null, state ?? null, after, limit],
  )
  return rows.map(row => ({ ...row, amount: Number(row.amount) }))
}
