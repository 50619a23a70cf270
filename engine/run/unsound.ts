import { extendProblems, Problem } from 'cutover/failure'
import type { Refusal } from '../api/plan.ts'
import type { Plan } from '../plan/plan.ts'

extendProblems({ plan_refused: { status: 409, title: 'The steps of the plan do not follow from each other' } })

/** Throws for a plan whose steps do not follow from how the link stands, with what to do about the first that does not. */
export function refuseUnsound(plan: Plan, refusals: readonly Refusal[]): void {
  const [first] = refusals
  if (first === undefined) return
  const { step, verb, about, wanted, found, mend } = first
  const next = mend === undefined ? `see "cutover plan ${plan.link.id} --to ${plan.to}"` : `first: ${mend}`
  throw new Problem('plan_refused', {
    detail: `plan ${plan.id} to ${plan.to}, step ${step} (${verb}): "${about}" must be ${wanted.join(' or ')} there, and would be ${found}. Nothing was done; ${next}`,
    extensions: { refusals },
  })
}
