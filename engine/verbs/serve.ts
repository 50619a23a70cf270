import type { LinkContract } from 'cutover/contract'
import { thing } from '../plan/state.ts'
import { said, type Verb } from '../plan/verb.ts'
import { deployment } from './deployment.ts'

/** Deploys the HTTP endpoint of the link: in the receiver of a business link, in the owner of a data link. */
export const serve = ({ id, kind, from, to }: LinkContract): Verb => {
  const service = kind === 'business' ? to : from
  return deployment({
    name: 'serve',
    service,
    capability: `serve:${id}`,
    touches: [`link ${id}`],
    does: said('deploy_serve', { service, link: id }),
    requires: [],
    effects: { [thing.endpoint(id)]: 'served' },
  })
}
