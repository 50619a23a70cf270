import type { LinkContract } from 'cutover/contract'
import { condition, thing } from '../plan/state.ts'
import { said, type Verb } from '../plan/verb.ts'
import { deployment } from './deployment.ts'

/** Deploys the sender with the HTTP calls of the link: it will make them for facts that are stated for HTTP. */
export const call = ({ id, from: service }: LinkContract): Verb =>
  deployment({
    name: 'call',
    service,
    capability: `call:${id}`,
    link: id,
    does: said('deploy_call', { service, link: id }),
    requires: [condition(thing.endpoint(id), 'served')],
    effects: { [thing.calls(id)]: 'made' },
  })
