import { atMost, holds, passed, said, type Verb } from '../plan/verb.ts'
import { columnsLock } from './expand-columns.ts'

/**
 * Deploys the present build of a service, with the capabilities that it has, and waits until every instance knows the
 * change: its code goes through the lens, so that what it does about the columns can be deployed. One that does not
 * answer, or of an older build, is named. Without a deployer a person replaces it.
 */
export function knowColumns(change: string, service: string): Verb {
  const about = { service, change }
  return {
    name: 'know columns',
    does: said('know', about),
    asks: said('know_gate', about),
    touches: [columnsLock(change, service)],
    requires: [],
    effects: {},
    async look(world) {
      const ignorant = await world.ignorantOf(service, change)
      return ignorant.length === 0 ? said('know_now_done', about) : said('know_waits', { ...about, instances: ignorant.join(', ') })
    },
    // Nothing is added or removed: who runs the build already stays as it is.
    apply: async world => world.deployer?.deploy(service, { add: [], remove: [] }),
    async settled(world) {
      const ignorant = await world.ignorantOf(service, change)
      const figures = [atMost('ignorant', ignorant.length, 0)]
      return ignorant.length === 0 ? passed(figures) : holds(said('know_waits', { ...about, instances: ignorant.join(', ') }), figures)
    },
    inverse: null,
  }
}
