import { Problem } from 'cutover/failure'
import { condition, thing } from '../plan/state.ts'
import { atMost, holds, passed, said, type Verb } from '../plan/verb.ts'
import { columnsLock } from './expand-columns.ts'
import { usesOf } from './unused-column.ts'

/** Puts the old column out of reach, values and all. Whoever still reaches for it is refused, and named; taken out again it is as before. */
export function quarantineColumn(change: string, service: string): Verb {
  const about = { service, change }
  return {
    name: 'quarantine column',
    does: said('quarantine_column', about),
    asks: said('quarantine_column_gate', about),
    touches: [columnsLock(change, service)],
    requires: [
      condition(thing.oldColumn(change, service), 'present', 'quarantined'),
      condition(thing.written(change, service), 'only'),
      condition(thing.unused(change, service), 'yes'),
    ],
    effects: { [thing.oldColumn(change, service)]: 'quarantined', [thing.oldQuiet(change, service)]: 'no' },
    async look(world) {
      const present = (await world.columns(service, change)).filter(table => table.old === 'present').map(table => table.table)
      return present.length === 0
        ? said('quarantine_column_now_done', about)
        : said('quarantine_column_now', { ...about, tables: present.join(', ') })
    },
    apply: world => world.columnsTo(service, change, 'quarantine'),
    async settled(world) {
      const present = (await world.columns(service, change)).filter(table => table.old === 'present').map(table => table.table)
      return present.length === 0 ? passed() : holds(said('quarantine_column_now', { ...about, tables: present.join(', ') }))
    },
    inverse: {
      does: said('quarantine_column_inverse', about),
      rehearse: async () => null,
      apply: world => world.columnsTo(service, change, 'restore'),
      async settled(world) {
        const hidden = (await world.columns(service, change)).filter(table => table.old === 'quarantined').map(table => table.table)
        return hidden.length === 0 ? passed() : holds(said('quarantine_column_waits_back', { ...about, tables: hidden.join(', ') }))
      },
    },
  }
}

/** Drops the column that was in quarantine. That nobody has reached for it meanwhile is looked at again here. */
export function dropColumn(change: string, service: string): Verb {
  const about = { service, change }
  return {
    name: 'drop column',
    does: said('drop_column', about),
    asks: said('drop_column_gate', about),
    touches: [columnsLock(change, service)],
    requires: [condition(thing.oldColumn(change, service), 'quarantined'), condition(thing.oldQuiet(change, service), 'yes')],
    effects: { [thing.oldColumn(change, service)]: 'absent' },
    async look(world) {
      const left = (await world.columns(service, change)).filter(table => table.old !== 'absent').map(table => table.table)
      return left.length === 0 ? said('drop_column_now_done', about) : said('drop_column_now', { ...about, tables: left.join(', ') })
    },
    async apply(world) {
      const tables = await world.columns(service, change)
      const use = usesOf(tables.filter(table => table.old === 'quarantined'))
      if (use !== null) {
        throw new Problem('service_refused', {
          detail: `instance ${use.who} of ${service} has reached for the old column of ${change} in quarantine (${use.what}, last at ${use.at}): mend that, go back, and apply it again. Nothing was dropped`,
        })
      }
      await world.columnsTo(service, change, 'drop')
    },
    async settled(world) {
      const left = (await world.columns(service, change)).filter(table => table.old !== 'absent').map(table => table.table)
      const figures = [atMost('left', left.length, 0)]
      return left.length === 0 ? passed(figures) : holds(said('drop_column_now', { ...about, tables: left.join(', ') }), figures)
    },
    inverse: { noReturn: said('drop_column_no_return', about) },
  }
}
