import type { Plan } from '@cutover/engine/plan'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { businessLinkToEvent } from './procedure-3-business-link-to-event.ts'
import { businessLinkToHttp } from './procedure-4-business-link-to-http.ts'

/** Every plan of the school: each business link in both directions. */
export const plans: readonly Plan[] = links
  .filter(link => link.kind === 'business')
  .flatMap(link => {
    const event = events.find(one => one.name === link.event)
    if (event === undefined) throw new Error(`${link.id} carries ${link.event}, which is not an event of the school`)
    return [businessLinkToEvent(link, event), businessLinkToHttp(link, event)]
  })
