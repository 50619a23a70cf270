import { condition, thing } from '../plan/state.ts'
import { holds, passed, said, type Verb } from '../plan/verb.ts'
import { columnsLock } from './expand-columns.ts'

/**
 * Lets the old column be empty, before anybody leaves it so. On the way back every row has it again by then, and that is
 * demanded again.
 */
export function relaxColumn(change: string, service: string): Verb {
  const about = { service, change }
  return {
    name: 'relax column',
    does: said('relax', about),
    asks: said('relax_gate', about),
    touches: [columnsLock(change, service)],
    requires: [condition(thing.guard(change, service), 'all_rows'), condition(thing.written(change, service), 'new', 'only')],
    effects: { [thing.demanded(change, service)]: 'relaxed' },
    async look(world) {
      const strict = (await world.columns(service, change)).filter(table => !table.relaxed).map(table => table.table)
      return strict.length === 0 ? said('relax_now_done', about) : said('relax_now', { ...about, tables: strict.join(', ') })
    },
    prepare: async world => ({ had: (await world.columns(service, change)).every(table => table.relaxed) }),
    apply: world => world.columnsTo(service, change, 'relax'),
    async settled(world) {
      const strict = (await world.columns(service, change)).filter(table => !table.relaxed).map(table => table.table)
      return strict.length === 0 ? passed() : holds(said('relax_now', { ...about, tables: strict.join(', ') }))
    },
    inverse: {
      does: said('relax_inverse', about),
      rehearse: async () => null,
      async apply(world, memo) {
        if (memo['had'] !== true) await world.columnsTo(service, change, 'tighten')
      },
      async settled(world, memo) {
        const loose = (await world.columns(service, change)).filter(table => table.relaxed).map(table => table.table)
        return memo['had'] === true || loose.length === 0
          ? passed()
          : holds(said('relax_waits_back', { ...about, tables: loose.join(', ') }))
      },
    },
  }
}
