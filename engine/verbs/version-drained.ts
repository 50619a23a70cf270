import { doubt } from '../plan/doubt.ts'
import { condition, thing } from '../plan/state.ts'
import { atMost, failed, type Gate, holds, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { VersionDraining, World } from '../plan/world.ts'

/**
 * Counts the facts that were told in a version of an event, on every link that carries it: a final set once the switch
 * tells another one, and each has to be terminal at its receiver. Dead letters and what is parked count as open.
 */
export const versionDrained = (event: string, version: number, now: number): Verb => ({
  name: 'version drained',
  does: said('version_drained', { event, version }),
  asks: said('version_drained_gate', { event, version }),
  touches: [`event ${event}`],
  requires: [condition(thing.version(event), `v${now}`)],
  effects: { [thing.versionDrained(event, version)]: 'yes' },
  async look(world) {
    const { told, outstanding, issued } = await world.drainingVersion(event, version)
    return told === version
      ? said('version_drained_now_later', { event, version })
      : said('version_drained_now', { event, version, outstanding, issued })
  },
  apply: async () => undefined,
  settled: async world => versionGate(await world.drainingVersion(event, version), event, version),
  inverse: null,
})

/** What a count says of the gate. Pure. */
export function versionGate(count: VersionDraining, event: string, version: number): Gate {
  const { told, issued, outstanding, onTheirWay, retrying, parked, dead, unsure } = count
  const figures = [
    shown('issued', issued),
    shown('terminal', issued - outstanding),
    atMost('outstanding', outstanding, 0),
    shown('parked', parked),
    shown('dead', dead),
  ]
  if (told === version) return failed(said('version_drained_told', { event, version }), figures)
  if (outstanding > 0)
    return holds(said('drained_waits', { outstanding, issued, on_their_way: onTheirWay, retrying, parked, dead }), figures)
  return unsure === null ? passed(figures) : holds(unsure, figures)
}

/** For a step that takes away what the version needs: it is counted again. */
export async function relyOnVersionDrained(world: World, event: string, version: number): Promise<void> {
  const { verdict, waitsFor } = versionGate(await world.drainingVersion(event, version), event, version)
  if (waitsFor !== null) throw doubt(waitsFor, verdict === 'not_enough_evidence')
}
