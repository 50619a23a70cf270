import type { LinkContract } from 'cutover/contract'
import { condition, thing } from '../plan/state.ts'
import { atLeast, atMost, type Gate, holds, passed, said, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'

/**
 * Waits until what is in quarantine has been left alone for a while. Whoever reaches for it is named: a job that runs at
 * night, a report, an old build. It is mended, and what is hidden taken out and put back, before anything is dropped.
 */
export function quiet({ id, kind, event }: LinkContract, wantedSeconds: number): Verb {
  return {
    name: 'quiet',
    does: said('quiet', { link: id }),
    asks: said('quiet_gate', { seconds: wantedSeconds }),
    touches: [`link ${id}`],
    requires: [
      condition(thing.topic(event), 'quarantined', 'open', 'absent'),
      ...(kind === 'data' ? [condition(thing.copy(id), 'quarantined')] : []),
    ],
    effects: { [thing.quiet(id)]: 'yes' },
    async look(world) {
      const seen = await hidden(world, id, kind, event)
      return seen.touches === 0 ? said('quiet_now') : said('quiet_now_touched', { who: seen.who, count: seen.touches })
    },
    apply: async () => undefined,
    async settled(world): Promise<Gate> {
      const { quietMs, touches, who } = await hidden(world, id, kind, event)
      const seconds = Math.floor(quietMs / 1_000)
      const figures = [atLeast('quiet', Math.min(seconds, wantedSeconds), wantedSeconds), atMost('touches', touches, 0)]
      if (touches > 0) return holds(said('quiet_waits_touched', { who, count: touches }), figures)
      return seconds >= wantedSeconds
        ? passed(figures)
        : holds(said('quiet_waits', { seconds, wanted: wantedSeconds }), figures, wantedSeconds * 1_000 - quietMs)
    },
    inverse: null,
  }
}

/** What is hidden of the link, taken together: since when it is left alone, and who has reached for it. */
async function hidden(
  world: World,
  link: string,
  kind: LinkContract['kind'],
  event: string,
): Promise<{ readonly quietMs: number; readonly touches: number; readonly who: string }> {
  const copy = kind === 'data' ? (await world.reading(link)).copy : null
  const topic = await world.topic(event)
  const parts = [copy, topic].filter(one => one !== null && one.state === 'quarantined')
  const touched = parts.flatMap(one => one?.touches ?? [])
  return {
    quietMs: Math.min(...parts.map(one => one?.quietMs ?? 0), Number.MAX_SAFE_INTEGER),
    touches: touched.reduce((sum, one) => sum + one.count, 0),
    who: touched.map(one => `${one.who} (${one.what})`).join(', '),
  }
}
