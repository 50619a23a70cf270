import type { LinkContract } from 'cutover/contract'
import { condition, thing } from '../plan/state.ts'
import { said, type Verb } from '../plan/verb.ts'
import { deployment } from './deployment.ts'

/** Deploys the HTTP calls of the link: in the sender of a business link, which makes them for facts that are stated for HTTP; in the reader of a data link. */
export const call = ({ id, kind, from, to }: LinkContract): Verb => {
  const service = kind === 'business' ? from : to
  return deployment({
    name: 'call',
    service,
    capability: `call:${id}`,
    touches: [`link ${id}`],
    does: said('deploy_call', { service, link: id }),
    requires: [condition(thing.endpoint(id), 'served')],
    effects: { [thing.calls(id)]: 'made' },
  })
}
