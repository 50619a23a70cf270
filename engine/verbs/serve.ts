import type { LinkContract } from 'cutover/contract'
import { thing } from '../plan/state.ts'
import { said, type Verb } from '../plan/verb.ts'
import { deployment } from './deployment.ts'

/** Deploys the receiver with the HTTP endpoint of the link. */
export const serve = ({ id, to: service }: LinkContract): Verb =>
  deployment({
    name: 'serve',
    service,
    capability: `serve:${id}`,
    link: id,
    does: said('deploy_serve', { service, link: id }),
    requires: [],
    effects: { [thing.endpoint(id)]: 'served' },
  })
