import { thing } from '../plan/state.ts'
import { atLeast, holds, passed, said, type Verb } from '../plan/verb.ts'
import type { ColumnsStand } from '../plan/world.ts'

/** What a run holds of a change of columns in one service. */
export const columnsLock = (change: string, service: string): string => `columns ${change} ${service}`

/** Adds the columns that come, empty, to every table of the service that the change concerns. Nobody reads or writes them yet. */
export function expandColumns(change: string, service: string): Verb {
  const about = { service, change }
  return {
    name: 'expand columns',
    does: said('expand', about),
    asks: said('expand_gate', about),
    touches: [columnsLock(change, service)],
    requires: [],
    effects: { [thing.added(change, service)]: 'present', [thing.filled(change, service)]: 'no' },
    async look(world) {
      const lacking = lackingIn(await world.columns(service, change))
      return lacking.length === 0 ? said('expand_now_done', about) : said('expand_now', { ...about, tables: lacking.join(', ') })
    },
    // What was there before is not ours to take away.
    prepare: async world => ({ had: (await world.columns(service, change)).some(table => table.added === 'present') }),
    apply: world => world.columnsTo(service, change, 'expand'),
    async settled(world) {
      const tables = await world.columns(service, change)
      const lacking = lackingIn(tables)
      const figures = [atLeast('tables', tables.length - lacking.length, tables.length)]
      return lacking.length === 0 ? passed(figures) : holds(said('expand_now', { ...about, tables: lacking.join(', ') }), figures)
    },
    inverse: {
      does: said('expand_inverse', about),
      rehearse: async () => null,
      apply: async (world, memo) => (memo['had'] === true ? undefined : world.columnsTo(service, change, 'retract')),
      settled: async () => passed(),
    },
  }
}

/** Looks that the columns are there, for a procedure that adds them once more. */
export const columnsThere = (change: string, service: string): Verb => {
  const { does: _, apply: __, prepare: ___, inverse: ____, effects: _____, ...rest } = expandColumns(change, service)
  return {
    ...rest,
    name: 'columns there',
    does: said('expand_again', { service, change }),
    effects: {},
    apply: async () => undefined,
    inverse: null,
  }
}

const lackingIn = (tables: readonly ColumnsStand[]): readonly string[] =>
  tables.filter(table => table.added === 'absent').map(table => table.table)
