import type { LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import { condition, thing } from '../plan/state.ts'
import { atMost, holds, passed, said, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'

/**
 * Looks at every instance and every store for what the old route leaves behind: capabilities, endpoints, lanes and
 * consumers, series of metrics, the copy, the topic. What is left is named.
 */
export function removed(link: LinkContract, old: Route): Verb {
  const { id } = link
  const now: Route = old === 'http' ? 'event' : 'http'
  return {
    name: 'removed',
    does: said('removed', { link: id, route: old }),
    asks: said('removed_gate', { link: id, route: old }),
    touches: [`link ${id}`],
    requires: [condition(thing.route(id), now)],
    effects: {},
    async look(world) {
      const left = await leftovers(world, link, old)
      return left.length === 0 ? said('removed_now_done') : said('removed_now', { left: left.join(', ') })
    },
    apply: async () => undefined,
    async settled(world) {
      const left = await leftovers(world, link, old)
      const figures = [atMost('left', left.length, 0)]
      return left.length === 0 ? passed(figures) : holds(said('removed_waits', { left: left.join(', ') }), figures)
    },
    inverse: null,
  }
}

async function leftovers(world: World, { id, from, to, kind }: LinkContract, old: Route): Promise<readonly string[]> {
  const abilities = old === 'http' ? ['call', 'serve'] : ['produce', 'act', 'record']
  const instances = (await Promise.all([from, to].map(service => world.instances(service)))).flat()
  const able = instances.flatMap(one =>
    one.capabilities.filter(each => abilities.some(ability => each === `${ability}:${id}`)).map(each => `${each} in ${one.id}`),
  )
  const series = await world.series(id, old)
  const copy = kind === 'data' && old === 'event' ? (await world.reading(id)).copy.state : 'absent'
  return [...able, ...series, ...(copy === 'absent' ? [] : [`the copy (${copy})`])]
}
