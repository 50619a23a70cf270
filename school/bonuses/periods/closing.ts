import { type Database, sqlState, type Tx } from 'cutover/database'
import { Problem } from 'cutover/failure'
import { fullJitter } from 'cutover/failure/backoff'
import type { Clock, Random } from 'cutover/process/clock'
import { payoutKey, periodAfter } from './period.ts'

/** What a closing has done, or had done when it was asked for again. Amounts are minor units. */
export interface Closed {
  readonly period: string
  readonly closed_at: string
  readonly closed_by: string | null
  /** The period that is open from then on. */
  readonly next: string
  /** False when the period had been closed before. */
  readonly changed: boolean
  readonly accounts: number
  readonly payouts: number
  readonly payout_total: number
  /** What managers have above or below zero that is not paid out by this closing. */
  readonly carried: number
}

export interface ClosingPorts {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
}

// Taken shared by open_period(), which every booking calls: see 0006_periods.sql.
const periodLock = '1112493651, 1'
const attemptsMax = 40
const lockTimeoutMs = 250

/** Opens a transaction in which no period can be closed: the lock is a statement of its own, sent together with `begin`. */
export const beginUnderPeriod = `begin isolation level read committed; select pg_advisory_xact_lock_shared(${periodLock})`

/**
 * Closes the period and opens the next: when this resolves, every booking of the period has committed, none can follow,
 * and what is to be paid out is stored. Waits briefly for the lock that bookings share and tries again, so that bookings
 * are never held up for longer than the lock's time-out and the few statements. Repeating it changes nothing. Each attempt
 * is a transaction that `run` opens, read committed. Throws `period_unknown`, and `period_busy` when bookings left no moment
 * for it; then nothing was changed.
 */
export async function closePeriod<Result>(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { period, by }: { readonly period: string; readonly by: string },
  run: (work: (tx: Tx) => Promise<Closed>) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const closed = await unlessBusy(
      run(async tx => {
        await tx.query(`set local lock_timeout = '${lockTimeoutMs}ms'`)
        await tx.query(`select pg_advisory_xact_lock(${periodLock})`)
        const changed = await close(tx, period, by, random)
        return { ...(await closedAs(tx, period)), changed }
      }),
    )
    if (closed !== 'busy') return closed
    await clock.sleep(fullJitter(attempt, { firstMs: 10, maxMs: 200 }, random))
  }
  throw new Problem('period_busy', {
    detail: `bookings held the period for longer than ${lockTimeoutMs} ms in each of ${attemptsMax} attempts. Nothing was closed; try again.`,
  })
}

async function unlessBusy<Result>(closing: Promise<Result>): Promise<Result | 'busy'> {
  try {
    return await closing
  } catch (error) {
    if (sqlState(error) === '55P03' || sqlState(error) === '40P01') return 'busy'
    throw error
  }
}

/** Every booking waits while this runs, so it reads no ledger: a few statements over the accounts. */
async function close(tx: Tx, period: string, by: string, random: Random): Promise<boolean> {
  const { rows } = await tx.query<{ closed: boolean }>('select closed_at is not null as closed from period where period_id = $1', [period])
  const [found] = rows
  if (found === undefined) throw await periodUnknown(tx, period)
  if (found.closed) return false
  // What was refused is not owed by its own closing any more: its amount is in the balances that are stored now.
  await tx.query(`update payout set state = 'carried' where state = 'refused'`, [])
  await tx.query(
    `insert into period_account (period_id, account_id, closing, held)
     select $1, account_id, balance, coalesce(held, 0) from account
       left join (select account_id, sum(amount) as held from payout where state in ('pending', 'conflict') group by account_id) p using (account_id)`,
    [period],
  )
  const { rows: owed } = await tx.query<{ account_id: string; amount: string }>(
    `select account_id, closing - held as amount from period_account join account using (account_id)
      where period_id = $1 and manager_id is not null and closing > held`,
    [period],
  )
  await tx.query(
    `insert into payout (payout_key, payout_id, period_id, account_id, amount)
     select key, id, $1, account, amount from unnest($2::text[], $3::uuid[], $4::text[], $5::bigint[]) as o(key, id, account, amount)`,
    [
      period,
      owed.map(one => payoutKey(period, one.account_id)),
      owed.map(() => random.uuid()),
      owed.map(one => one.account_id),
      owed.map(one => one.amount),
    ],
  )
  await tx.query(
    `update period set closed_at = clock_timestamp(), closed_by = $2, last_position = (select coalesce(max(position), 0) from ledger)
      where period_id = $1`,
    [period, by],
  )
  await tx.query('insert into period (period_id, opened_at) select $2, closed_at from period where period_id = $1', [
    period,
    periodAfter(period),
  ])
  return true
}

async function closedAs(tx: Tx, period: string): Promise<Omit<Closed, 'changed'>> {
  const { rows } = await tx.query<{
    closed_at: Date
    closed_by: string | null
    accounts: string
    payouts: string
    total: string
    own: string
  }>(
    `select closed_at, closed_by,
            (select count(*) from period_account where period_id = $1) as accounts,
            (select count(*) from payout where period_id = $1) as payouts,
            (select coalesce(sum(amount), 0) from payout where period_id = $1) as total,
            (select coalesce(sum(closing - held), 0) from period_account join account using (account_id)
              where period_id = $1 and manager_id is not null) as own
       from period where period_id = $1`,
    [period],
  )
  const [row] = rows
  if (row === undefined) throw await periodUnknown(tx, period)
  return {
    period,
    closed_at: row.closed_at.toISOString(),
    closed_by: row.closed_by,
    next: periodAfter(period),
    accounts: Number(row.accounts),
    payouts: Number(row.payouts),
    payout_total: Number(row.total),
    carried: Number(row.own) - Number(row.total),
  }
}

/** Throws `period_unknown` unless there is such a period, open or closed. */
export async function demandPeriod(tx: Tx, period: string): Promise<void> {
  const { rowCount } = await tx.query('select from period where period_id = $1', [period])
  if (rowCount === 0) throw await periodUnknown(tx, period)
}

/** The problem of a period that is not there, with the one that is open. */
async function periodUnknown(tx: Tx, period: string): Promise<Problem> {
  const { rows } = await tx.query<{ period_id: string }>('select period_id from period where closed_at is null', [])
  return new Problem('period_unknown', { detail: `there is no period ${period}; open is ${rows[0]?.period_id ?? 'none'}` })
}
