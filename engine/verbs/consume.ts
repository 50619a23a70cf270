import type { LinkContract } from 'cutover/contract'
import { condition, thing } from '../plan/state.ts'
import { atLeast, holds, passed, said, type Verb } from '../plan/verb.ts'
import { deployment } from './deployment.ts'

/**
 * Deploys the receiver with a consumer of the link's event. `record`: the empty consumer of the written procedures; it
 * notes what it would do about a fact, changes nothing, and keeps aside what only it could act on. `act`: it can act
 * as well, on facts that were stated for the event. Which they are, the sender's switch decides.
 */
export function consume(link: LinkContract, event: { readonly name: string; readonly version: number }, ability: 'record' | 'act'): Verb {
  const { id, to: service } = link
  const capability = `${ability}:${id}`
  return deployment({
    name: `consume ${ability}`,
    service,
    capability,
    touches: [`link ${id}`],
    does: said(`deploy_${ability}`, { service, link: id }),
    asks: said('deploy_gate_positions', { service, capability }),
    requires: [
      condition(thing.registered(event.name, event.version), 'yes'),
      // The empty consumer comes first where there is one: a copy has no effects that it could have too early.
      condition(thing.consumer(id), ...(ability === 'record' || link.kind === 'data' ? ['none', 'record', 'act'] : ['record', 'act'])),
      ...(link.kind === 'data' ? [condition(thing.copy(id), 'present')] : []),
    ],
    effects: { [thing.consumer(id)]: ability },
    // Deployed is not subscribed: a reader without a stored position would begin wherever the log then stands.
    async also(world) {
      const { stored, partitions } = await world.positions(id)
      const figures = [atLeast('positions', stored, partitions)]
      return stored >= partitions ? passed(figures) : holds(said('deploy_waits_positions', { service, stored, partitions }), figures)
    },
  })
}
