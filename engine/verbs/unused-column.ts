import { condition, thing } from '../plan/state.ts'
import { atLeast, type Gate, holds, type Memo, passed, said, type Verb } from '../plan/verb.ts'
import type { ColumnsStand, World } from '../plan/world.ts'
import { columnsLock } from './expand-columns.ts'

/**
 * Waits until no statement has reached for the old column without knowing of the change for a while. Whoever does is
 * named, with the place in the code and when it was last: a report, a job that runs at night, a forgotten path.
 */
export const unusedColumn = (change: string, service: string, wantedSeconds: number): Verb => ({
  name: 'unused column',
  does: said('unused', { service, change }),
  asks: said('unused_gate', { service, seconds: wantedSeconds }),
  touches: [columnsLock(change, service)],
  requires: [],
  effects: { [thing.unused(change, service)]: 'yes' },
  async look(world) {
    const uses = usesOf(await world.columns(service, change))
    return uses === null ? said('unused_now', { service }) : said('unused_now_used', uses)
  },
  // Since when it is watched: nothing seen so far is no evidence.
  prepare: async world => ({ from: world.now() }),
  apply: async () => undefined,
  settled: async (world, memo) => leftAlone(world, memo, change, service, wantedSeconds),
  inverse: null,
})

/** The same while the column is in quarantine, where whoever reaches for it is refused as well. */
export const quietColumn = (change: string, service: string, wantedSeconds: number): Verb => ({
  ...unusedColumn(change, service, wantedSeconds),
  name: 'quiet column',
  does: said('quiet_column', { service, change }),
  requires: [condition(thing.oldColumn(change, service), 'quarantined', 'absent')],
  effects: { [thing.oldQuiet(change, service)]: 'yes' },
})

async function leftAlone(world: World, memo: Memo, change: string, service: string, wantedSeconds: number): Promise<Gate> {
  const tables = await world.columns(service, change)
  const watchedMs = world.now() - Number(memo['from'] ?? world.now())
  const quietMs = Math.max(0, Math.min(watchedMs, ...tables.map(table => table.quietMs ?? Number.MAX_SAFE_INTEGER)))
  const seconds = Math.floor(quietMs / 1_000)
  const figures = [atLeast('quiet', Math.min(seconds, wantedSeconds), wantedSeconds)]
  if (seconds >= wantedSeconds) return passed(figures)
  const uses = usesOf(tables)
  // Used while it was watched: waiting alone is not enough as long as it goes on.
  if (uses !== null && quietMs < watchedMs) return holds(said('unused_waits_used', { service, ...uses }), figures)
  return holds(said('quiet_waits', { seconds, wanted: wantedSeconds }), figures, wantedSeconds * 1_000 - quietMs)
}

/** Who reached for it last, or null when nobody ever has. */
export function usesOf(tables: readonly ColumnsStand[]): { readonly who: string; readonly what: string; readonly at: string } | null {
  const last = tables.flatMap(table => table.uses).toSorted((a, b) => b.at.localeCompare(a.at))
  const [first] = last
  return first === undefined ? null : { who: first.who, what: first.what, at: first.at }
}
