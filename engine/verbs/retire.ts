import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { Said } from '../api/plan.ts'
import { say } from '../api/words.ts'
import { condition, type State, thing } from '../plan/state.ts'
import { said, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'
import { readingsOver } from './copy.ts'
import { gone } from './deployment.ts'
import { relyOnDrained } from './drained.ts'

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
  readonly capability: string
  readonly does: string
  readonly effects: State
}

/** That nothing needs HTTP any more is looked at again here: what was so when the run finished need not be so now. */
function retire(link: LinkContract, { name, service, capability, does, effects }: Retirement): Verb {
  const { id, event } = link
  return {
    name,
    does: said(does, { service, link: id, event }),
    asks: said('retire_gate', { service, capability }),
    touches: [`link ${id}`],
    requires: [condition(thing.route(id), 'event'), ...(link.kind === 'business' ? [condition(thing.drained(id, 'http'), 'yes')] : [])],
    effects,
    async look(world): Promise<Said> {
      const all = await world.instances(service)
      const having = all.filter(one => one.capabilities.includes(capability)).length
      return having === 0
        ? said('retire_now_done', { service, capability })
        : said('retire_now', { having, instances: all.length, service, capability })
    },
    async apply(world) {
      await (link.kind === 'business' ? relyOnDrained(world, id, 'http') : requireUnread(world, link))
      await world.deployer?.deploy(service, { add: [], remove: [capability] })
    },
    settled: async world => gone(await world.instances(service), service, capability),
    inverse: { noReturn: said('retire_no_return', { link: id, route: 'http' }) },
  }
}

/** Reads are answered from the copy alone from here on, and none that asks the owner is in flight. */
async function requireUnread(world: World, { id, to: service }: LinkContract): Promise<void> {
  const { answers, compares } = await world.reading(id)
  if (answers === 'http') throw new Problem('service_refused', { detail: `${id} is read by HTTP again: nothing was taken away` })
  if (compares) await world.read({ link: id, answers, compares: false })
  const over = await readingsOver(world, id, service)
  if (over !== null) throw new Problem('service_away', { detail: say(over), retryable: true })
}
