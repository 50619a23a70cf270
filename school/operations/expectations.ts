import type { Content, Expectation } from '@cutover/engine/verify'
import { amountOf, policyVersion, type Reason } from '../bonuses/money/policy.ts'

/** The booking that a fact demands, with its amount computed anew by the policy version that the booking names. */
const booking = (link: string, reason: Reason): Expectation => ({
  link,
  expected(fact, effect): Content {
    const rating = reason === 'task completed' ? Number(fact.content['rating']) : null
    const version = effect.content['policy_version'] ?? policyVersion
    return { creator_id: fact.content['creator_id'] ?? null, rating, amount: amountOf({ reason, rating }, Number(version)) }
  },
})

/** The copy must say what the original says. */
const copy = (link: string): Expectation => ({ link, expected: fact => fact.content })

/** What verify expects of every link that has effects, computed from the owners' business rows alone. */
export const expectations: readonly Expectation[] = [
  copy('COMM-030'),
  booking('COMM-040', 'task completed'),
  booking('COMM-050', 'task failed'),
  booking('COMM-080', 'task created'),
]
