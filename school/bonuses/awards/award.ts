import type { Decision } from 'cutover/receive/handler'
import { type Entry, fund } from '../ledger/ledger.ts'
import { amountOf, policyVersion, type Reason } from '../money/policy.ts'

/** What a fact is worth to whom: what the award needs to know about it. */
export interface Award {
  readonly businessKey: string
  readonly factId: string
  readonly reason: Reason
  readonly taskId: string
  readonly candidateId: string | null
  readonly creatorId: string
  /** When it happened, in ISO 8601; null where that is no time. It decides nothing. */
  readonly happenedAt?: string | null
}

/** What bonuses knows when it decides: the accounts of managers, ratings by the outcome that produced them, and what brings what is not known. */
export interface Known {
  readonly accounts: ReadonlyMap<string, { readonly id: string; readonly isNew: boolean; readonly balance: number }>
  /** The balance of the fund. Balances may be a batch old: they only say how much room there is. */
  readonly fundBalance: number
  readonly ratings: ReadonlyMap<string, number>
  readonly waitsFor: {
    manager(id: string): string
    rating(outcomeId: string, taskId: string): string
  }
}

/** A balance is shown as a number; beyond this it would lose digits, long before the database could not hold it. */
const isBeyond = (balance: number): boolean => Math.abs(balance) > Number.MAX_SAFE_INTEGER

/** The rule: pure. Credits come from the fund to the author's account, debits go the other way. */
export function decideAward(award: Award, known: Known): Decision<Entry> {
  if (award.candidateId === award.creatorId) return { do: 'reject', rule: 'self_dealing' }
  const account = known.accounts.get(award.creatorId)
  if (account === undefined) return { do: 'wait', for: known.waitsFor.manager(award.creatorId) }
  const rating = award.reason === 'task completed' ? known.ratings.get(award.factId) : null
  if (rating === undefined) return { do: 'wait', for: known.waitsFor.rating(award.factId, award.taskId) }
  const amount = amountOf({ reason: award.reason, rating }, policyVersion)
  const [debit, credit] = award.reason === 'task failed' ? [account.id, fund] : [fund, account.id]
  const gain = credit === fund ? -amount : amount
  if (isBeyond(account.balance + gain) || isBeyond(known.fundBalance - gain)) return { do: 'reject', rule: 'amount_range' }
  return {
    do: 'apply',
    effect: { ...award, debit, credit, amount, rating, policyVersion, ...(account.isNew ? { opens: account.id } : {}) },
  }
}
