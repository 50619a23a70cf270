import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { Route } from '../api/contract.ts'
import { condition, thing } from '../plan/state.ts'
import { holds, passed, said, shown, type Verb } from '../plan/verb.ts'
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
    requires:
      to === 'event'
        ? [
            condition(thing.registered(event, version), 'yes'),
            condition(thing.producer(id), 'able'),
            condition(thing.consumer(id), 'act'),
            condition(thing.parity(id), 'proved'),
          ]
        : [condition(thing.endpoint(id), 'served'), condition(thing.calls(id), 'made')],
    effects: { [thing.route(id)]: to, [thing.shadow(id)]: 'off', [thing.drained(id, to)]: 'no' },
    async look(world) {
      const { route: now, epoch } = await world.switchOf(id)
      return now === to ? said('route_now_done', { link: id, route: to }) : said('route_now', { link: id, from: now, epoch })
    },
    async apply(world) {
      await requireAble(world, link, to)
      await world.turn({ link: id, route: to, shadow: false })
    },
    async settled(world) {
      const { route: now, epoch } = await world.switchOf(id)
      const figures = [shown('epoch', epoch)]
      return now === to ? passed(figures) : holds(said('route_waits', { service, link: id, route: now }), figures)
    },
    inverse: {
      does: said('route_inverse', { link: id, route: back }),
      async rehearse(world) {
        const unable = await whoCannot(world, link, back)
        if (unable !== null) return said('step_refused', { reason: unable })
        return refusalOf(() => world.turn({ link: id, route: back, shadow: back === 'http' }, true))
      },
      async apply(world) {
        await requireAble(world, link, back)
        // Back to exactly what was before: the shadow is on while HTTP carries the link in this plan.
        await world.turn({ link: id, route: back, shadow: back === 'http' })
      },
      settled: world => draining(world, id, to),
    },
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

async function requireAble(world: World, link: LinkContract, by: Route): Promise<void> {
  const unable = await whoCannot(world, link, by)
  // An instance that is just being restarted is no reason to fail: the step waits and says so.
  if (unable !== null) throw new Problem('service_away', { detail: unable, retryable: true })
}
