import type { Tx } from 'cutover/database'

/** A booking to be made: one account is debited, another credited, by a whole number of minor units. */
export interface Entry {
  readonly businessKey: string
  readonly factId: string
  readonly reason: string
  /** Null for a pay-out, as is the version of the policy. */
  readonly taskId: string | null
  readonly candidateId: string | null
  readonly creatorId: string
  readonly debit: string
  readonly credit: string
  readonly amount: number
  readonly rating: number | null
  readonly policyVersion: number | null
  /** When the fact happened, as its owner says, in ISO 8601; shown, and no part of what a repeat is compared by. */
  readonly happenedAt?: string | null
  /** The account of this entry's manager that is booked on for the first time, and opened with it. */
  readonly opens?: string
}

export type Posted =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'duplicate'; readonly of: string; readonly first: string }
  | { readonly outcome: 'conflict'; readonly first: string; readonly second: string }

/** The account that all bonuses come from and all debits return to. */
export const fund = 'bonus-fund'

/** The account that pay-outs go to. */
export const paidOut = 'paid-out'

// The period is asked for once per statement, before its first row is written: from there to the commit none is closed.
const insertSql = `
  insert into ledger (business_key, fact_id, reason, task_id, candidate_id, creator_id, debit_account, credit_account, amount, rating, policy_version,
                      happened_at, period_id)
  select entry.*, (select open_period())
    from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::int[], $11::int[],
                $12::timestamptz[]) as entry
  on conflict do nothing
  returning business_key`

const openSql = `insert into account (account_id, manager_id) select * from unnest($1::text[], $2::text[]) as a(account_id, manager_id) order by 1 on conflict do nothing`

// Accounts are locked in one order by everybody, so that two batches cannot wait for each other crosswise.
const balanceSql = `
  with change as (
    select account_id, sum(amount) as amount
      from (select unnest($1::text[]) as account_id, unnest($2::bigint[]) as amount) each group by account_id
  ), locked as materialized (
    select account_id from account where account_id in (select account_id from change) order by account_id for no key update
  )
  update account set balance = balance + change.amount from change join locked using (account_id) where account.account_id = change.account_id`

/**
 * Books the entries, each key once for ever, and says what became of each, in their order. Keys must differ within one
 * call. A repeat with the same content is a duplicate and changes nothing; one with other content is a conflict and
 * changes nothing either: the first stands. So is the other outcome of a task that has ended for a candidate already.
 * All are booked into the period that is open, which cannot be closed before the transaction ends.
 */
export async function post(entries: readonly Entry[], tx: Tx): Promise<readonly Posted[]> {
  const column = <Value>(pick: (entry: Entry) => Value): Value[] => entries.map(pick)
  const { rows } = await tx.query<{ business_key: string }>(insertSql, [
    column(entry => entry.businessKey),
    column(entry => entry.factId),
    column(entry => entry.reason),
    column(entry => entry.taskId),
    column(entry => entry.candidateId),
    column(entry => entry.creatorId),
    column(entry => entry.debit),
    column(entry => entry.credit),
    column(entry => entry.amount),
    column(entry => entry.rating),
    column(entry => entry.policyVersion),
    column(entry => entry.happenedAt ?? null),
  ])
  const booked = new Set(rows.map(row => row.business_key))
  const own = entries.filter(entry => booked.has(entry.businessKey))
  const opening = own.filter(entry => entry.opens !== undefined)
  if (opening.length > 0) await tx.query(openSql, [opening.map(entry => entry.opens), opening.map(entry => entry.creatorId)])
  if (own.length > 0) {
    const accounts = [...own.map(entry => entry.debit), ...own.map(entry => entry.credit)]
    const { rowCount } = await tx.query(balanceSql, [accounts, [...own.map(entry => -entry.amount), ...own.map(entry => entry.amount)]])
    const count = new Set(accounts).size
    if (rowCount !== count) throw new Error(`${count} accounts were to be booked on, ${rowCount} exist; nothing was booked`)
  }
  const repeats = entries.filter(entry => !booked.has(entry.businessKey))
  const firsts = repeats.length === 0 ? new Map<string, { fact: string; content: string }>() : await contents(tx, repeats)
  return entries.map(entry => {
    if (booked.has(entry.businessKey)) return { outcome: 'done' }
    const { fact: of, content: first } = firsts.get(entry.businessKey) ?? { fact: '', content: '' }
    const second = content(entry)
    return first === second ? { outcome: 'duplicate', of, first } : { outcome: 'conflict', first, second }
  })
}

/** What a booking depends on; the fact's id and the time are no part of it. */
const content = (entry: Omit<Entry, 'businessKey' | 'factId' | 'policyVersion'>): string =>
  `${entry.reason}, task ${entry.taskId ?? 'none'}, candidate ${entry.candidateId ?? 'none'}, creator ${entry.creatorId}, from ${entry.debit} to ${entry.credit}, amount ${entry.amount}, rating ${entry.rating ?? 'none'}`

/** What stands in the way of each entry, by its key: the booking under that key, or the task's other outcome for that candidate. */
async function contents(tx: Tx, entries: readonly Entry[]): Promise<Map<string, { fact: string; content: string }>> {
  const { rows } = await tx.query<{
    business_key: string
    fact_id: string
    reason: string
    task_id: string | null
    candidate_id: string | null
    creator_id: string
    debit_account: string
    credit_account: string
    amount: string
    rating: number | null
  }>(
    `select wanted.business_key, fact_id, reason, ledger.task_id, ledger.candidate_id, creator_id, debit_account, credit_account, amount, rating
       from unnest($1::text[], $2::text[], $3::text[]) as wanted(business_key, task_id, candidate_id)
       join ledger on reverses is null and (ledger.business_key = wanted.business_key
         or (ledger.task_id = wanted.task_id and ledger.candidate_id = wanted.candidate_id))`,
    [entries.map(entry => entry.businessKey), entries.map(entry => entry.taskId), entries.map(entry => entry.candidateId)],
  )
  return new Map(
    rows.map(row => [
      row.business_key,
      {
        fact: row.fact_id,
        content: content({
          reason: row.reason,
          taskId: row.task_id,
          candidateId: row.candidate_id,
          creatorId: row.creator_id,
          debit: row.debit_account,
          credit: row.credit_account,
          amount: Number(row.amount),
          rating: row.rating,
        }),
      },
    ]),
  )
}

/** What a comparison of two bookings of one fact looks at. */
export const comparable = (entry: Omit<Entry, 'businessKey' | 'factId'>): Readonly<Record<string, string | number | null>> => ({
  reason: entry.reason,
  task_id: entry.taskId,
  candidate_id: entry.candidateId,
  creator_id: entry.creatorId,
  debit: entry.debit,
  credit: entry.credit,
  amount: entry.amount,
  rating: entry.rating,
  policy_version: entry.policyVersion,
})

/** The bookings under these keys. */
export async function bookingsOf(tx: Tx, keys: readonly string[]): Promise<ReadonlyMap<string, ReturnType<typeof comparable>>> {
  const { rows } = await tx.query<Omit<Entry, 'amount'> & { amount: string }>(
    `select business_key as "businessKey", fact_id as "factId", reason, task_id as "taskId", candidate_id as "candidateId",
            creator_id as "creatorId", debit_account as debit, credit_account as credit, amount, rating, policy_version as "policyVersion"
       from ledger where business_key = any($1::text[]) and reverses is null`,
    [keys],
  )
  return new Map(rows.map(row => [row.businessKey, comparable({ ...row, amount: Number(row.amount) })]))
}

/** Whether the books are right: all balances sum to zero, and each equals what the ledger says. */
export async function checkBooks(tx: Tx): Promise<{ balanced: boolean; sum: number; mismatched: readonly string[] }> {
  const { rows } = await tx.query<{ sum: string; mismatched: string[] | null }>(
    `with moved as (
       select account_id, sum(amount) as amount from (
         select credit_account as account_id, amount from ledger union all select debit_account, -amount from ledger
       ) each group by account_id
     )
     select (select coalesce(sum(balance), 0) from account) as sum,
            array(select account_id from account left join moved using (account_id)
                   where account.balance <> coalesce(moved.amount, 0) order by account_id limit 100) as mismatched`,
    [],
  )
  const sum = Number(rows[0]?.sum ?? 0)
  const mismatched = rows[0]?.mismatched ?? []
  return { balanced: sum === 0 && mismatched.length === 0, sum, mismatched }
}
