import type { LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import type { Said } from '../api/plan.ts'
import { condition, type State, thing } from '../plan/state.ts'
import { said, type Verb } from '../plan/verb.ts'
import { gone } from './deployment.ts'
import { relyOnDrained } from './drained.ts'

/** Takes the HTTP calls of the link out of the sender. */
export const retireCalls = (link: LinkContract): Verb =>
  retire(link, 'http', {
    name: 'retire calls',
    service: link.from,
    capabilities: [`call:${link.id}`],
    does: 'retire_call',
    effects: { [thing.calls(link.id)]: 'retired' },
  })

/** Takes the HTTP endpoint of the link out of the receiver. */
export const retireEndpoint = (link: LinkContract): Verb =>
  retire(link, 'http', {
    name: 'retire endpoint',
    service: link.to,
    capabilities: [`serve:${link.id}`],
    does: 'retire_serve',
    effects: { [thing.endpoint(link.id)]: 'retired' },
  })

/** Takes the producer of the link's event out of the sender. */
export const retireProducer = (link: LinkContract): Verb =>
  retire(link, 'event', {
    name: 'retire producer',
    service: link.from,
    capabilities: [`produce:${link.id}`],
    does: 'retire_produce',
    effects: { [thing.producer(link.id)]: 'none' },
  })

/** Takes the consumer of the link's event out of the receiver. */
export const retireConsumer = (link: LinkContract): Verb =>
  retire(link, 'event', {
    name: 'retire consumer',
    service: link.to,
    capabilities: [`act:${link.id}`, `record:${link.id}`],
    does: 'retire_consume',
    effects: { [thing.consumer(link.id)]: 'none' },
  })

interface Retirement {
  readonly name: string
  readonly service: string
  readonly capabilities: readonly [string, ...string[]]
  readonly does: string
  readonly effects: State
}

/** That the old route is empty is counted again here, against its certificate: what was drained when the run finished need not be so now. */
function retire({ id, event }: LinkContract, old: Route, { name, service, capabilities, does, effects }: Retirement): Verb {
  const now: Route = old === 'http' ? 'event' : 'http'
  const [capability] = capabilities
  return {
    name,
    does: said(does, { service, link: id, event }),
    asks: said('retire_gate', { service, capability }),
    touches: [`link ${id}`],
    requires: [condition(thing.route(id), now), condition(thing.drained(id, old), 'yes')],
    effects,
    async look(world): Promise<Said> {
      const all = await world.instances(service)
      const having = all.filter(one => one.capabilities.includes(capability)).length
      return having === 0
        ? said('retire_now_done', { service, capability })
        : said('retire_now', { having, instances: all.length, service, capability })
    },
    async apply(world) {
      await relyOnDrained(world, id, old)
      await world.deployer?.deploy(service, { add: [], remove: capabilities })
    },
    settled: async world => gone(await world.instances(service), service, capability),
    inverse: { noReturn: said('retire_no_return', { link: id, route: old }) },
  }
}
