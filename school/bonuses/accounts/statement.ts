import type { Columns } from 'cutover/columns/access'
import type { Tx } from 'cutover/database'
import type { Cell } from '../csv/csv.ts'

/** A booking on an account, as its statement shows it. Amounts are minor units, negative where the account is debited. */
export interface Line {
  readonly position: string
  readonly reason: string
  readonly task_id: string | null
  /** As it was when the task was created; null where bonuses has not been told of it. */
  readonly title: string | null
  readonly candidate_id: string | null
  readonly rating: number | null
  readonly booked_at: Date
  readonly amount: number
  /** The period that it is booked into. */
  readonly period: string
  /** The closed period in which the fact happened, when it came too late for it. */
  readonly late_for: string | null
  /** Of a pay-out: the period whose closing owed it. */
  readonly payout_of: string | null
}

// Closed periods follow each other without a gap, so a time lies in one of them at the most.
const linesSql = (titles: Columns, order: 'asc' | 'desc', beyond: '<' | '>'): string => `
  select position::text as position, reason, ledger.task_id, ${titles.expression} as title, candidate_id, rating, booked_at,
         (case when credit_account = $1 then amount else -amount end)::float8 as amount,
         ledger.period_id as period, late.period_id as late_for,
         case when business_key like 'Payout:%' then split_part(business_key, ':', 2) end as payout_of
    from ledger left join period late
      on late.opened_at <= happened_at and late.closed_at > happened_at and late.period_id < ledger.period_id
    left join task on task.task_id = ledger.task_id
   where (credit_account = $1 or debit_account = $1) and position ${beyond} $2 and ($3::text is null or ledger.period_id = $3)
   order by ledger.position ${order} limit $4`

/** The latest bookings before `before`, newest first; of one period or of all. */
export async function latest(
  tx: Tx,
  titles: Columns,
  account: string,
  wanted: { before?: string; period?: string; limit: number },
): Promise<readonly Line[]> {
  const { rows } = await tx.query<Line>(linesSql(titles, 'desc', '<'), [
    account,
    wanted.before ?? '999999999999999999',
    wanted.period ?? null,
    wanted.limit,
  ])
  return rows
}

export const statementHead = [
  'position',
  'booked_at',
  'period',
  'late_for',
  'reason',
  'payout_of',
  'task_id',
  'title',
  'candidate_id',
  'rating',
  'amount',
  'balance',
] as const
const pageSize = 1_000

/**
 * All bookings, oldest first, each with the balance after it. Those of a closed period are complete and stay as they
 * are; of an open one, what commits while it is read may be missing.
 */
export async function* statementPages(
  tx: Tx,
  titles: Columns,
  account: string,
  period: string | undefined,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  const oldestFirst = linesSql(titles, 'asc', '>')
  let balance = period === undefined ? 0 : await openingOf(tx, account, period)
  for (let after = '0'; ;) {
    const { rows } = await tx.query<Line>(oldestFirst, [account, after, period ?? null, pageSize])
    yield rows.map(line => {
      balance += line.amount
      return [
        line.position,
        line.booked_at.toISOString(),
        line.period,
        line.late_for,
        line.reason,
        line.payout_of,
        line.task_id,
        line.title,
        line.candidate_id,
        line.rating,
        line.amount,
        balance,
      ]
    })
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = last.position
  }
}

async function openingOf(tx: Tx, account: string, period: string): Promise<number> {
  const { rows } = await tx.query<{ closing: string }>(
    `select closing from period_account where account_id = $1 and period_id = (select max(period_id) from period where period_id < $2)`,
    [account, period],
  )
  return Number(rows[0]?.closing ?? 0)
}
