import type { ChangePlan, LinkPlan, PlanFor } from '@cutover/engine/plan'
import { generatePlan } from '@cutover/engine/procedures'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { managersToEvent } from './procedure-1-data-link-to-event.ts'
import { ratingToHttp } from './procedure-2-data-link-to-http.ts'
import { creditToEvent } from './procedure-3-business-link-to-event.ts'
import { newTaskToHttp } from './procedure-4-business-link-to-http.ts'
import { splitTitle } from './us-160-split-title.ts'

/** The four procedures as they are written down, each for its link. */
export const written: readonly LinkPlan[] = [managersToEvent, ratingToHttp, creditToEvent, newTaskToHttp]

/** Every plan of the school: each link of the communication matrix in both directions, as written or, where nothing is, generated. */
export const plans: readonly LinkPlan[] = links.flatMap(link =>
  (['event', 'http'] as const).map(to => written.find(plan => plan.id === link.id && plan.to === to) ?? generatePlan(link, to, events)),
)

/** The plans of changes that concern several services at once. */
export const changes: readonly ChangePlan[] = [splitTitle]

/** By portions, the plan is generated for them; a data link moves as a whole. */
export const planFor: PlanFor = (link, to, { portions }) => {
  if (portions.length === 0) return plans.find(plan => plan.id === link.id && plan.to === to)
  return link.kind === 'business' ? generatePlan(link, to, events, portions) : undefined
}
