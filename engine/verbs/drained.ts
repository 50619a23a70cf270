import type { LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import { condition, thing } from '../plan/state.ts'
import { atMost, failed, type Gate, holds, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'

/**
 * Counts, and does not look: the facts that were stated for a route are a final set once the switch has left it, and
 * each has to be terminal at its receiver. A queue that seems empty proves nothing, because a retry walks around
 * whoever looks. The places are told as where the rest is.
 */
export function drained({ id, event }: LinkContract, from: Route): Verb {
  const now: Route = from === 'http' ? 'event' : 'http'
  return {
    name: 'drained',
    does: said('drained', { route: from, link: id }),
    asks: said('drained_gate', { route: from, link: id }),
    touches: [`link ${id}`, `event ${event}`],
    requires: [condition(thing.route(id), now)],
    effects: { [thing.drained(id, from)]: 'yes' },
    async look(world) {
      const { route, share, issued, outstanding } = await world.draining(id, from)
      if (share < 100) return said('drained_share', { link: id, route, share })
      return route === from ? said('drained_now_later', { link: id, route }) : said('drained_now', { outstanding, issued, route: from })
    },
    apply: async () => undefined,
    settled: world => draining(world, id, from),
    inverse: null,
  }
}

/** The gate itself; what relies on it asks it again. */
export async function draining(world: World, link: string, from: Route): Promise<Gate> {
  const { route, share, issued, outstanding, onTheirWay, retrying, parked, dead } = await world.draining(link, from)
  const figures = [
    shown('issued', issued),
    shown('terminal', issued - outstanding),
    atMost('outstanding', outstanding, 0),
    shown('parked', parked),
    shown('dead', dead),
  ]
  if (share < 100) return failed(said('drained_share', { link, route, share }), figures)
  if (route === from) return failed(said('drained_route', { link, route }), figures)
  if (outstanding === 0) return passed(figures)
  return holds(said('drained_waits', { outstanding, issued, on_their_way: onTheirWay, retrying, parked, dead }), figures)
}
