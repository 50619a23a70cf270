import type { LinkContract } from 'cutover/contract'
import { condition, thing } from '../plan/state.ts'
import { said, type Verb } from '../plan/verb.ts'
import { deployment } from './deployment.ts'

/** Deploys the sender with a producer of the link's event. What it states is published once the switch says so. */
export const producer = ({ id, from: service, event }: LinkContract, version: number): Verb =>
  deployment({
    name: 'producer',
    service,
    capability: `produce:${id}`,
    touches: [`link ${id}`],
    does: said('deploy_produce', { service, event, link: id }),
    requires: [condition(thing.registered(event, version), 'yes')],
    effects: { [thing.producer(id)]: 'able' },
  })
