import type { LinkContract } from 'cutover/contract'
import type { Change } from '../plan/plan.ts'
import { type State, thing } from '../plan/state.ts'
import type { ColumnsStand, Instance, World } from '../plan/world.ts'
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

/** How a change of several services stands. What was proved once has to be proved again by whoever relies on it. */
export async function observeChange(world: World, id: string, { services, events }: Change): Promise<State> {
  const columns = await Promise.all(services.map(service => observeColumns(world, id, service)))
  const versions = await Promise.all(events.map(({ event, version }) => observeVersion(world, event.name, version)))
  return Object.assign({}, ...columns, ...versions) as State
}

async function observeColumns(world: World, change: string, service: string): Promise<State> {
  const [tables, instances] = await Promise.all([world.columns(service, change), world.instances(service)])
  const all = (ability: string): boolean =>
    instances.length > 0 && instances.every(one => one.capabilities.includes(`${ability}:${change}`))
  /** The least of all tables, in the order in which a change goes. */
  const least = <Word extends string>(order: readonly Word[], of: (table: ColumnsStand) => Word): Word =>
    order.find(word => tables.some(table => of(table) === word)) ?? (order[0] as Word)
  const old = least(['present', 'quarantined', 'absent'], table => table.old)
  return {
    [thing.added(change, service)]: least(['absent', 'present'], table => table.added),
    [thing.written(change, service)]: all('write-new') ? 'only' : all('read-new') ? 'new' : all('dual-write') ? 'both' : 'old',
    [thing.guard(change, service)]: least(['none', 'new_rows', 'all_rows'], table => table.guard),
    [thing.demanded(change, service)]: least(['strict', 'relaxed'], table => (table.relaxed ? 'relaxed' : 'strict')),
    [thing.oldColumn(change, service)]: old,
    [thing.filled(change, service)]: 'no',
    [thing.compared(change, service)]: 'no',
    [thing.unused(change, service)]: 'no',
  }
}

async function observeVersion(world: World, event: string, version: number): Promise<State> {
  const entries = await Promise.all(
    Array.from({ length: version + 1 }, async (_, at) => [thing.registered(event, at), await world.registry.has(event, at)] as const),
  )
  const told = await world.versionOf(event)
  return {
    ...Object.fromEntries(entries.map(([about, entry]) => [about, entry === null ? 'no' : 'yes'])),
    [thing.version(event)]: `v${told.version}`,
  }
}
