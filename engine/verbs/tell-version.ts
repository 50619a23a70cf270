import type { EventContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import { condition, thing } from '../plan/state.ts'
import { holds, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'
import { lacking, refusalOf } from './deployment.ts'
import { versionGate } from './version-drained.ts'

/**
 * One switch for one event: from here on its facts are told in this version, on every link and by whichever route. When it
 * has moved, no fact in the version before can appear any more; those that were told keep their bytes. The way back is
 * the same switch, and then waiting until what was told in this version has arrived, because what handles it goes next.
 */
export function tellVersion({ name: event, service }: EventContract, version: number, handlers: readonly string[]): Verb {
  const about = { service, event, version }
  const wasOf = (memo: Readonly<Record<string, unknown>>): number => Number(memo['was'] ?? 0)
  return {
    name: 'tell version',
    does: said('tell_version', about),
    asks: said('tell_version_gate', about),
    touches: [`event ${event}`],
    requires: [
      condition(thing.registered(event, version), 'yes'),
      condition(thing.stated(event, version), 'able'),
      ...handlers.map(handler => condition(thing.handled(event, version, handler), 'yes')),
    ],
    effects: { [thing.version(event)]: `v${version}`, [thing.versionDrained(event, version)]: 'no' },
    async look(world) {
      const { version: told, epoch } = await world.versionOf(event)
      return told === version ? said('tell_version_now_done', about) : said('tell_version_now', { ...about, version: told, epoch })
    },
    prepare: async world => ({ was: (await world.versionOf(event)).version }),
    async apply(world) {
      await requireHandled(world, event, version, handlers)
      await world.turnVersion(event, version)
    },
    async settled(world) {
      const { version: told, epoch } = await world.versionOf(event)
      const figures = [shown('epoch', epoch)]
      return told === version ? passed(figures) : holds(said('tell_version_now', { ...about, version: told, epoch }), figures)
    },
    inverse: {
      does: said('tell_version_inverse', about),
      rehearse: (world, memo) => refusalOf(() => world.turnVersion(event, wasOf(memo), true)),
      apply: (world, memo) => world.turnVersion(event, wasOf(memo)),
      settled: async (world, memo) =>
        wasOf(memo) === version ? passed() : versionGate(await world.drainingVersion(event, version), event, version),
    },
  }
}

/** At the switch itself, not only long before it: what nobody handles would be parked. */
async function requireHandled(world: World, event: string, version: number, handlers: readonly string[]): Promise<void> {
  for (const service of handlers) {
    const all = await world.instances(service)
    const missing = lacking(all, `handle:${event}-v${version}`).map(one => one.id)
    if (all.length > 0 && missing.length === 0) continue
    const who =
      all.length === 0 ? `no instance of ${service} is alive` : `${missing.join(', ')} of ${service} do not handle ${event} v${version}`
    throw new Problem('service_away', { detail: who, retryable: true })
  }
}
