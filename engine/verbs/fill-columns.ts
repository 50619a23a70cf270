import { condition, thing } from '../plan/state.ts'
import { atLeast, holds, passed, said, type Verb } from '../plan/verb.ts'
import type { ColumnsStand, World } from '../plan/world.ts'
import { columnsLock } from './expand-columns.ts'

/**
 * Fills the new columns of rows that were there before, in batches, each in one transaction with the cursor, so that it
 * goes on where it was after any crash. It makes room for live requests. No writer may leave a row empty meanwhile: the
 * guard comes first.
 */
export function fillColumns(change: string, service: string): Verb {
  const about = { service, change }
  const askedBy = (world: World): string => world.run ?? 'nobody'
  return {
    name: 'fill columns',
    does: said('fill', about),
    asks: said('fill_gate', about),
    touches: [columnsLock(change, service)],
    requires: [condition(thing.added(change, service), 'present'), condition(thing.guard(change, service), 'new_rows', 'all_rows')],
    effects: { [thing.filled(change, service)]: 'yes' },
    async look(world) {
      const { rows, empty } = emptyIn(await world.columns(service, change))
      return empty === 0 ? said('fill_now_done', { ...about, rows }) : said('fill_now', { ...about, rows, empty })
    },
    apply: world => world.fill(service, change, 'fill', askedBy(world)),
    async settled(world) {
      const tables = await world.columns(service, change)
      const { done, filled, total, etaMs } = progressOf(tables, askedBy(world))
      const { rows, empty } = emptyIn(tables)
      const figures = [atLeast('filled', rows - empty, rows)]
      // A row that came into being between two looks of one answer is not a row that stays empty.
      return done && empty === 0 ? passed(figures) : holds(said('fill_waits', { service, filled, total }), figures, etaMs)
    },
    inverse: {
      does: said('fill_inverse', about),
      rehearse: async () => null,
      apply: world => world.fill(service, change, 'cancel', askedBy(world)),
      settled: async () => passed(),
    },
  }
}

function emptyIn(tables: readonly ColumnsStand[]): { readonly rows: number; readonly empty: number } {
  const sum = (of: (table: ColumnsStand) => number): number => tables.reduce((total, table) => total + of(table), 0)
  return { rows: sum(table => table.rows), empty: sum(table => table.rows - table.filled) }
}

/** How far the filling that was asked for so has come, in all tables together. Pure. */
export function progressOf(
  tables: readonly ColumnsStand[],
  askedBy: string,
): { readonly done: boolean; readonly filled: number; readonly total: number; readonly etaMs: number | null } {
  const jobs = tables.map(({ fill }) => (fill?.askedBy === askedBy ? fill : null))
  const filled = jobs.reduce((sum, job) => sum + (job?.filled ?? 0), 0)
  const total = jobs.reduce((sum, job) => sum + (job?.total ?? 0), 0)
  const left = jobs.map(job => {
    if (job === null || job.state !== 'filling') return 0
    return job.filled === 0 ? null : Math.ceil((job.tookMs / job.filled) * Math.max(0, job.total - job.filled))
  })
  return {
    done: jobs.every(job => job?.state === 'done'),
    filled,
    total,
    // They are filled beside each other.
    etaMs: left.includes(null) ? null : Math.max(0, ...left.map(ms => ms ?? 0)),
  }
}
