import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { Route } from '../api/contract.ts'
import type { Said } from '../api/plan.ts'
import { type Condition, condition, thing } from '../plan/state.ts'
import { holds, type Inverse, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'
import { lacking, refusalOf } from './deployment.ts'
import { draining } from './drained.ts'

/**
 * The one switch, in the sender's database. When it has moved, no fact with the old stamp can appear any more; those
 * that were stated before keep their stamp and arrive by the old route. Going back is the same switch, and then
 * waiting until what was stated for the new route has arrived, because what brings it is taken away next.
 */
export function route(link: LinkContract, to: Route, version: number): Verb {
  const { id, from: service, event } = link
  const back: Route = to === 'event' ? 'http' : 'event'
  return {
    name: 'route',
    does: said('route', { service, route: to, link: id }),
    asks: said('route_gate', { service }),
    touches: [`link ${id}`, `event ${event}`],
    // That the old route still stands is part of the gate: the inverse is tried there, on what runs then.
    requires: [...open(link, to, version), ...proved(link, to)],
    effects: { [thing.route(id)]: to, [thing.shadow(id)]: 'off', [thing.drained(id, to)]: 'no' },
    async look(world) {
      const { route: now, share, epoch } = await world.switchOf(id)
      if (share < 100) return said('route_now_share', { link: id, route: now, share, epoch })
      return now === to ? said('route_now_done', { link: id, route: to }) : said('route_now', { link: id, from: now, epoch })
    },
    async apply(world) {
      await requireAble(world, link, to)
      await world.turn({ link: id, route: to, shadow: false })
    },
    async settled(world) {
      const { route: now, share, epoch } = await world.switchOf(id)
      const figures = [shown('epoch', epoch)]
      if (share < 100) return holds(said('route_waits_share', { service, link: id, route: now, share }), figures)
      return now === to ? passed(figures) : holds(said('route_waits', { service, link: id, route: now }), figures)
    },
    inverse: wayBack(link, to, said('route_inverse', { link: id, route: back })),
  }
}

/** What has to stand before a fact may be stated for a route. */
export const open = ({ id, event }: LinkContract, by: Route, version: number): readonly Condition[] =>
  by === 'event'
    ? [condition(thing.registered(event, version), 'yes'), condition(thing.producer(id), 'able'), condition(thing.consumer(id), 'act')]
    : [condition(thing.endpoint(id), 'served'), condition(thing.calls(id), 'made')]

/** Nothing depends on the event before it was compared with HTTP. */
export const proved = ({ id }: LinkContract, to: Route): readonly Condition[] =>
  to === 'event' ? [condition(thing.parity(id), 'proved')] : []

/** The old route carries all keys again; then what was stated for the new one arrives. */
export function wayBack(link: LinkContract, to: Route, does: Said): Inverse {
  const { id } = link
  const back: Route = to === 'event' ? 'http' : 'event'
  // Back to exactly what was before: the shadow is on while HTTP carries the link in this plan.
  const order = { link: id, route: back, shadow: back === 'http' }
  return {
    does,
    async rehearse(world) {
      const unable = await whoCannot(world, link, back)
      if (unable !== null) return said('step_refused', { reason: unable })
      return refusalOf(() => world.turn(order, true))
    },
    async apply(world) {
      await requireAble(world, link, back)
      await world.turn(order)
    },
    settled: world => draining(world, id, to),
  }
}

/** Why the receiver could not handle what comes by this route, or null. Checked at the switch itself, not only long before it. */
async function whoCannot(world: World, { id, to: service }: LinkContract, by: Route): Promise<string | null> {
  const capability = by === 'event' ? `act:${id}` : `serve:${id}`
  const all = await world.instances(service)
  const missing = lacking(all, capability)
  if (all.length === 0) return `no instance of ${service} is alive`
  return missing.length === 0 ? null : `${missing.map(one => one.id).join(', ')} of ${service} have no ${capability}`
}

/** Throws while the receiver could not handle what would come by this route. */
export async function requireAble(world: World, link: LinkContract, by: Route): Promise<void> {
  const unable = await whoCannot(world, link, by)
  // An instance that is just being restarted is no reason to fail: the step waits and says so.
  if (unable !== null) throw new Problem('service_away', { detail: unable, retryable: true })
}
