import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { Route } from '../api/contract.ts'
import type { Said } from '../api/plan.ts'
import { condition, type State, thing } from '../plan/state.ts'
import { said, type Verb } from '../plan/verb.ts'
import { gone } from './deployment.ts'
import { draining } from './drained.ts'

/** Takes the HTTP calls of the link out of whoever makes them: the sender of a business link, the reader of a data link. */
export const retireCalls = (link: LinkContract): Verb =>
  retire(link, {
    name: 'retire calls',
    service: link.kind === 'business' ? link.from : link.to,
    capability: `call:${link.id}`,
    does: 'retire_call',
    effects: { [thing.calls(link.id)]: 'retired' },
  })

/** Takes the HTTP endpoint of the link out of whoever serves it: the receiver of a business link, the owner of a data link. */
export const retireEndpoint = (link: LinkContract): Verb =>
  retire(link, {
    name: 'retire endpoint',
    service: link.kind === 'business' ? link.to : link.from,
    capability: `serve:${link.id}`,
    does: 'retire_serve',
    effects: { [thing.endpoint(link.id)]: 'retired' },
  })

interface Retirement {
  readonly name: string
  readonly service: string
  readonly capabilities: readonly [string, ...string[]]
  readonly does: string
  readonly effects: State
}

/** The old route is empty, and that is counted again here: what was drained when the run finished need not be so now. */
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
      const gate = await draining(world, id, old)
      if (gate.verdict !== 'pass')
        throw new Problem('service_refused', {
          detail: `${id} is not drained of ${old} any more: a fact that was stated for it has come up`,
        })
      await world.deployer?.deploy(service, { add: [], remove: capabilities })
    },
    settled: async world => gone(await world.instances(service), service, capability),
    inverse: { noReturn: said('retire_no_return', { link: id, route: old }) },
  }
}
