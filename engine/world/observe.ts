import type { LinkContract } from 'cutover/contract'
import { type State, thing } from '../plan/state.ts'
import type { Instance, World } from '../plan/world.ts'
import { standing } from '../verbs/read.ts'

/**
 * How a link stands, in the words of plans. What the instances of a service do not agree on is the least that any of
 * them can do: relying on more would lose what reaches that one.
 */
export async function observe(world: World, link: LinkContract): Promise<State> {
  const { id, from, to, event } = link
  const version = 0
  const [receivers, senders, stand, entry, topic] = await Promise.all([
    world.instances(to),
    world.instances(from),
    world.switchOf(id),
    world.registry.has(event, version),
    world.topic(event),
  ])
  const [callers, servers] = link.kind === 'business' ? [senders, receivers] : [receivers, senders]
  const all = (instances: readonly Instance[], ability: string): boolean =>
    instances.length > 0 && instances.every(one => one.capabilities.includes(`${ability}:${id}`))
  return {
    [thing.registered(event, version)]: entry === null ? 'no' : 'yes',
    [thing.consumer(id)]: all(receivers, 'act') ? 'act' : all(receivers, 'record') ? 'record' : 'none',
    [thing.endpoint(id)]: all(servers, 'serve') ? 'served' : 'retired',
    [thing.producer(id)]: all(senders, 'produce') ? 'able' : 'none',
    [thing.calls(id)]: all(callers, 'call') ? 'made' : 'retired',
    [thing.topic(event)]: topic.state,
    [thing.quiet(id)]: 'no',
    ...(link.kind === 'business'
      ? { [thing.route(id)]: stand.share === 100 ? stand.route : 'both', [thing.shadow(id)]: stand.shadow ? 'on' : 'off' }
      : await observeData(world, id, stand.route)),
    [thing.delivery(id)]: stand.direct === true ? 'direct' : 'outbox',
    [thing.parity(id)]: 'unproved',
    [thing.drained(id, 'http')]: 'no',
    [thing.drained(id, 'event')]: 'no',
  }
}

/** Whether a copy has everything nobody can see from outside, unless reads are answered from it: then it was proved. */
async function observeData(world: World, id: string, told: 'http' | 'event'): Promise<State> {
  const { answers, compares, copy } = await world.reading(id)
  return {
    [thing.route(id)]: answers === 'http' ? 'http' : 'event',
    [thing.reading(id)]: standing({ answers, compares }),
    [thing.copy(id)]: copy.state,
    [thing.told(id)]: told === 'http' ? 'nothing' : answers === 'replica' ? 'everything' : 'changes',
  }
}
