import { condition, thing } from '../plan/state.ts'
import { atMost, failed, passed, said, shown, type Verb } from '../plan/verb.ts'
import { columnsLock } from './expand-columns.ts'

/** Compares both forms of every row by the lens, to the byte. Keys of rows that differ are named, never what is in them. */
export function compareColumns(change: string, service: string): Verb {
  const about = { service, change }
  return {
    name: 'compare columns',
    does: said('compare_columns', about),
    asks: said('compare_columns_gate', about),
    touches: [columnsLock(change, service)],
    requires: [condition(thing.filled(change, service), 'yes')],
    effects: { [thing.compared(change, service)]: 'yes' },
    look: async () => said('compare_columns_now', about),
    apply: async () => undefined,
    async settled(world) {
      const tables = await world.compareColumns(service, change)
      const different = tables.reduce((sum, table) => sum + table.different, 0)
      const figures = [
        shown(
          'rows',
          tables.reduce((sum, table) => sum + table.rows, 0),
        ),
        atMost('rows_different', different, 0),
      ]
      const keys = tables.flatMap(table => table.keys.map(key => `${table.table} ${key}`)).slice(0, 5)
      return different === 0
        ? passed(figures)
        : failed(said('compare_columns_differ', { ...about, different, keys: keys.join(', ') }), figures)
    },
    inverse: null,
  }
}
