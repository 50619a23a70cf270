import type { LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import { thing } from '../plan/state.ts'
import { atLeast, atMost, failed, holds, passed, said, shown, type Verb } from '../plan/verb.ts'
import { open, proved, requireAble, wayBack } from './route.ts'

/** Facts that have to arrive for good before more keys follow. */
const factsMin = 20

/**
 * A share of the business keys goes by the new route, the rest as before: the same switch, for few. Which they are, the
 * key's bucket decides, so that a key goes one way, and a larger portion only adds keys. What goes by HTTP meanwhile is
 * in shadow, and so stays compared. The gate counts what was stated for the new route since the switch stands like
 * this: enough of it has arrived for good, and nothing is a dead letter.
 */
export function portion(link: LinkContract, to: Route, version: number, share: number): Verb {
  const { id, from: service, event } = link
  const back: Route = to === 'event' ? 'http' : 'event'
  return {
    name: 'portion',
    does: said('portion', { service, route: to, link: id, share }),
    asks: said('portion_gate', { route: to, facts: factsMin }),
    touches: [`link ${id}`, `event ${event}`],
    requires: [...open(link, 'event', version), ...open(link, 'http', version), ...proved(link, to)],
    effects: {
      [thing.route(id)]: 'both',
      [thing.shadow(id)]: 'on',
      [thing.drained(id, 'http')]: 'no',
      [thing.drained(id, 'event')]: 'no',
    },
    async look(world) {
      const { route: now, share: part, epoch } = await world.switchOf(id)
      return part === 100
        ? said('route_now', { link: id, from: now, epoch })
        : said('route_now_share', { link: id, route: now, share: part, epoch })
    },
    async apply(world) {
      await requireAble(world, link, 'event')
      await requireAble(world, link, 'http')
      await world.turn({ link: id, route: to, share, shadow: true })
    },
    async settled(world) {
      const { route: now, share: part, epoch } = await world.switchOf(id)
      if (now !== to || part !== share) return holds(said('route_waits_share', { service, link: id, route: now, share: part }))
      const { issued, outstanding, dead } = await world.draining(id, to, epoch)
      // What was stated between the two counts is outstanding already and not yet issued.
      const terminal = Math.max(0, issued - outstanding)
      const figures = [atLeast('terminal', terminal, factsMin), atMost('dead', dead, 0), shown('issued', issued)]
      if (dead > 0) return failed(said('portion_dead', { link: id, route: to, dead }), figures)
      return terminal >= factsMin ? passed(figures) : holds(said('portion_waits', { terminal, want: factsMin, issued, route: to }), figures)
    },
    inverse: wayBack(link, to, said('portion_inverse', { link: id, route: back })),
  }
}
