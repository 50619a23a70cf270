import type { Plan, PlanFor } from '@cutover/engine/plan'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { businessLinkToEvent } from './procedure-3-business-link-to-event.ts'
import { businessLinkToHttp } from './procedure-4-business-link-to-http.ts'

/** Each business link can be moved in both directions, whole or by portions. */
export const planFor: PlanFor = (link, to, { portions }) => {
  if (link.kind !== 'business') return undefined
  const event = events.find(one => one.name === link.event)
  if (event === undefined) throw new Error(`${link.id} carries ${link.event}, which is not an event of the school`)
  return to === 'event' ? businessLinkToEvent(link, event, portions) : businessLinkToHttp(link, event, portions)
}

/** Every plan of the school, as it is without portions. */
export const plans: readonly Plan[] = links.flatMap(link =>
  (['event', 'http'] as const).flatMap(to => planFor(link, to, { portions: [] }) ?? []),
)
