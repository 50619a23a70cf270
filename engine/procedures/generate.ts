import type { EventContract, LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import type { Portions } from '../api/portions.ts'
import type { LinkPlan } from '../plan/plan.ts'
import { businessLinkToEvent } from './business-link-to-event.ts'
import { businessLinkToHttp } from './business-link-to-http.ts'
import { dataLinkToEvent } from './data-link-to-event.ts'
import { dataLinkToHttp } from './data-link-to-http.ts'

type Procedure = (link: LinkContract, event: EventContract, portions: Portions) => LinkPlan

/** The four procedures, by what a link is and what it shall be. */
const procedures: Readonly<Record<LinkContract['kind'], Readonly<Record<Route, Procedure>>>> = {
  business: { event: businessLinkToEvent, http: businessLinkToHttp },
  data: { event: dataLinkToEvent, http: dataLinkToHttp },
}

/**
 * The plan that takes a link of the communication matrix to a route, by these portions first. Throws when it carries an
 * event that is none of these, and for portions of a data link, which moves as a whole.
 */
export function generatePlan(link: LinkContract, to: Route, events: readonly EventContract[], portions: Portions = []): LinkPlan {
  const event = events.find(one => one.name === link.event)
  if (event === undefined) throw new Error(`${link.id} carries ${link.event}, which is not an event of this system`)
  if (link.kind === 'data' && portions.length > 0) throw new Error(`${link.id} is a data link, which moves as a whole`)
  return procedures[link.kind][to](link, event, portions)
}
