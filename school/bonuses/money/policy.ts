/** Why money moves. */
export type Reason = 'task created' | 'task completed' | 'task failed'
export const reasons: readonly Reason[] = ['task created', 'task completed', 'task failed']

/** The newest version of the rules. Each ledger row stores the version it was booked under. */
export const policyVersion = 1

/**
 * What a fact is worth, in minor units (hundredths), never negative: whether it is a credit or a debit follows from
 * the reason. Pure, and each version stays computable for ever, so that any booking can be checked again.
 */
export function amountOf(fact: { readonly reason: Reason; readonly rating: number | null }, version: number): number {
  if (version !== 1) throw new Error(`there is no policy version ${version}; the newest is ${policyVersion}`)
  switch (fact.reason) {
    case 'task created':
      return 1_000
    case 'task failed':
      return 500
    case 'task completed':
      if (fact.rating === null || !Number.isInteger(fact.rating) || fact.rating < 0 || fact.rating > 100) {
        throw new Error('the amount for a completed task needs its rating, a whole number from 0 to 100')
      }
      // 10.00 x rating / 50: a whole number of minor units for every rating, so nothing is rounded.
      return fact.rating * 20
  }
}
