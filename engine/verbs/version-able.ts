import { condition, thing } from '../plan/state.ts'
import { passed, said, type Verb } from '../plan/verb.ts'
import { declared, deployment } from './deployment.ts'

/** Deploys a receiver that handles a version of an event; before, such a fact would be parked. */
export const versionHandled = (event: string, version: number, service: string): Verb =>
  deployment({
    name: 'handle version',
    service,
    capability: `handle:${event}-v${version}`,
    touches: [`event ${event}`],
    does: said('deploy_handle', { service, event, version }),
    requires: [condition(thing.registered(event, version), 'yes')],
    effects: { [thing.handled(event, version, service)]: 'yes' },
  })

/** Deploys a sender that can state an event in a version. It does so once the switch says it. */
export const versionStated = (event: string, version: number, service: string): Verb =>
  deployment({
    name: 'state version',
    service,
    capability: `state:${event}-v${version}`,
    touches: [`event ${event}`],
    does: said('deploy_state', { service, event, version }),
    requires: [condition(thing.registered(event, version), 'yes')],
    effects: { [thing.stated(event, version)]: 'able' },
  })

/** Looks that every live instance of a service declares a capability, which a step before has deployed. */
export const deployed = (service: string, capability: string): Verb => ({
  name: 'deployed',
  does: said('deployed', { service, capability }),
  asks: said('deploy_gate', { service, capability }),
  touches: [],
  requires: [],
  effects: {},
  async look(world) {
    const gate = declared(await world.instances(service), { service, capability, byHand: true })
    return gate.waitsFor ?? said('deployed_now', { service, capability })
  },
  apply: async () => undefined,
  async settled(world) {
    const gate = declared(await world.instances(service), { service, capability, byHand: true })
    return gate.verdict === 'pass' ? passed(gate.figures) : gate
  },
  inverse: null,
})
