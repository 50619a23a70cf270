import { condition, thing } from '../plan/state.ts'
import { atLeast, holds, passed, said, type Verb } from '../plan/verb.ts'
import { columnsLock } from './expand-columns.ts'

/**
 * From here on a row without the new columns is refused, whoever writes it: no build that does not know the change can
 * leave one behind that would stay empty. Rows that are there already are not looked at.
 */
export function guardColumns(change: string, service: string): Verb {
  const about = { service, change }
  return {
    name: 'guard columns',
    does: said('guard', about),
    asks: said('guard_gate', about),
    touches: [columnsLock(change, service)],
    requires: [condition(thing.written(change, service), 'both', 'new', 'only')],
    effects: { [thing.guard(change, service)]: 'new_rows' },
    async look(world) {
      const open = (await world.columns(service, change)).filter(table => table.guard === 'none')
      return open.length === 0
        ? said('guard_now_done', about)
        : said('guard_now', { ...about, tables: open.map(one => one.table).join(', ') })
    },
    prepare: async world => ({ had: (await world.columns(service, change)).some(table => table.guard !== 'none') }),
    apply: world => world.columnsTo(service, change, 'guard'),
    async settled(world) {
      const tables = await world.columns(service, change)
      const open = tables.filter(table => table.guard === 'none').map(table => table.table)
      const figures = [atLeast('tables', tables.length - open.length, tables.length)]
      return open.length === 0 ? passed(figures) : holds(said('guard_now', { ...about, tables: open.join(', ') }), figures)
    },
    inverse: {
      does: said('guard_inverse', about),
      rehearse: async () => null,
      apply: async (world, memo) => (memo['had'] === true ? undefined : world.columnsTo(service, change, 'unguard')),
      settled: async () => passed(),
    },
  }
}

/** Has all rows checked against the guard, under a lock that stops nobody. Its way back is that of the guard. */
export function checkColumns(change: string, service: string): Verb {
  const about = { service, change }
  return {
    name: 'check columns',
    does: said('check', about),
    asks: said('check_gate', about),
    touches: [columnsLock(change, service)],
    requires: [
      condition(thing.guard(change, service), 'new_rows', 'all_rows'),
      condition(thing.filled(change, service), 'yes'),
      condition(thing.compared(change, service), 'yes'),
    ],
    effects: { [thing.guard(change, service)]: 'all_rows' },
    async look(world) {
      const tables = (await world.columns(service, change)).filter(table => table.guard !== 'all_rows').map(table => table.table)
      return tables.length === 0 ? said('check_now_done', about) : said('check_now', { ...about, tables: tables.join(', ') })
    },
    apply: world => world.columnsTo(service, change, 'check'),
    async settled(world) {
      const tables = await world.columns(service, change)
      const open = tables.filter(table => table.guard !== 'all_rows').map(table => table.table)
      const figures = [atLeast('tables', tables.length - open.length, tables.length)]
      return open.length === 0 ? passed(figures) : holds(said('check_now', { ...about, tables: open.join(', ') }), figures)
    },
    inverse: null,
  }
}
