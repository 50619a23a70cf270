import type { LinkContract } from 'cutover/contract'
import { condition, thing } from '../plan/state.ts'
import { atLeast, holds, passed, said, type Verb } from '../plan/verb.ts'
import { refusalOf } from './deployment.ts'

/**
 * Produces the link's event in shadow: every fact is published as well, while HTTP keeps the authority, so that a
 * consumer can be compared before anything depends on it. The first fact that arrives shows that the way is open.
 */
export function produce({ id, from: service, to, event }: LinkContract, version: number): Verb {
  return {
    name: 'produce',
    does: said('produce', { service, event, link: id }),
    asks: said('produce_gate', { service: to }),
    touches: [`link ${id}`, `event ${event}`],
    requires: [
      condition(thing.registered(event, version), 'yes'),
      condition(thing.producer(id), 'able'),
      condition(thing.consumer(id), 'record', 'act'),
      condition(thing.route(id), 'http'),
    ],
    effects: { [thing.shadow(id)]: 'on', [thing.parity(id)]: 'unproved' },
    async look(world) {
      const { shadow, epoch } = await world.switchOf(id)
      return shadow ? said('produce_now_done', { service, event, epoch }) : said('produce_now', { service, event, link: id })
    },
    apply: world => world.turn({ link: id, route: 'http', shadow: true }),
    async settled(world) {
      const { facts, equal, different, extra, late, undecided } = await world.parity(id)
      const come = equal + different + extra + late + undecided
      const figures = [atLeast('first', come, 1)]
      return come > 0 ? passed(figures) : holds(said('produce_waits', { service: to, facts }), figures)
    },
    inverse: {
      does: said('produce_inverse', { service, event }),
      rehearse: world => refusalOf(() => world.turn({ link: id, route: 'http', shadow: false }, true)),
      apply: world => world.turn({ link: id, route: 'http', shadow: false }),
      settled: async () => passed(),
    },
  }
}
