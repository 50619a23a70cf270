import type { LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import { doubt } from '../plan/doubt.ts'
import { condition, onOutbox, thing } from '../plan/state.ts'
import { atMost, failed, type Gate, holds, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { Draining, World } from '../plan/world.ts'

/**
 * Counts, and does not look: the facts that were stated for a route are a final set once the switch has left it, and
 * each has to be terminal at its receiver. A queue that seems empty proves nothing, because a retry walks around
 * whoever looks. The places are told as where the rest is.
 */
export function drained(link: LinkContract, from: Route): Verb {
  const { id, kind, event } = link
  const now: Route = from === 'http' ? 'event' : 'http'
  return {
    name: 'drained',
    does: said('drained', { route: from, link: id }),
    asks: said('drained_gate', { route: from, link: id }),
    touches: [`link ${id}`, `event ${event}`],
    // Counted is the outbox: it is direct no more since one epoch at least before the telling has ended.
    requires: [...onOutbox(link), kind === 'business' ? condition(thing.route(id), now) : condition(thing.told(id), 'nothing')],
    effects: { [thing.drained(id, from)]: 'yes' },
    async look(world) {
      const { route, share, issued, outstanding } = await world.draining(id, from)
      if (share < 100) return said('drained_share', { link: id, route, share })
      return route === from ? said('drained_now_later', { link: id, route }) : said('drained_now', { outstanding, issued, route: from })
    },
    apply: async () => undefined,
    async settled(world) {
      const count = await world.draining(id, from)
      const gate = gateOf(count, id, from)
      if (gate.verdict === 'pass') await world.certify(id, from, count)
      return gate
    },
    inverse: null,
  }
}

/** The gate itself, without a certificate. */
export const draining = async (world: World, link: string, from: Route): Promise<Gate> =>
  gateOf(await world.draining(link, from), link, from)

/** What a count says of the gate. Pure. */
export function gateOf(count: Draining, link: string, from: Route): Gate {
  const { route, share, issued, outstanding, onTheirWay, retrying, parked, dead, unsure } = count
  const figures = [
    shown('issued', issued),
    shown('terminal', issued - outstanding),
    atMost('outstanding', outstanding, 0),
    shown('parked', parked),
    shown('dead', dead),
  ]
  if (share < 100) return failed(said('drained_share', { link, route, share }), figures)
  if (route === from) return failed(said('drained_route', { link, route }), figures)
  if (outstanding > 0)
    return holds(said('drained_waits', { outstanding, issued, on_their_way: onTheirWay, retrying, parked, dead }), figures)
  return unsure === null ? passed(figures) : holds(unsure, figures)
}

/**
 * For a step that takes away what the route needs: it is counted again, and the certificate must stand against that. One
 * that has only run out is issued anew. One that was revoked says that something strayed: the step is refused until a
 * person has seen it and lets the run go on, and then it is counted and issued anew.
 */
export async function relyOnDrained(world: World, link: string, from: Route): Promise<void> {
  const standing = await world.certificate(link, from)
  if (standing.is === 'valid') return
  if (standing.is === 'unsure') throw doubt(standing.why, true)
  if (standing.is === 'revoked' && !standing.looked) {
    await world.refuse(link, from)
    throw doubt(standing.by, false)
  }
  const { verdict, waitsFor } = gateOf(standing.count, link, from)
  if (waitsFor !== null) throw doubt(waitsFor, verdict === 'not_enough_evidence')
  await world.certify(link, from, standing.count)
}
