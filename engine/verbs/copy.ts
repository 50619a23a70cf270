import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { Said } from '../api/plan.ts'
import { condition, thing } from '../plan/state.ts'
import { holds, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { Reading, World } from '../plan/world.ts'

/** Makes the reader's copy, empty: a table that the consumer and the snapshot fill. */
export const makeCopy = ({ id, to: service }: LinkContract): Verb => ({
  name: 'copy',
  does: said('copy', { service, link: id }),
  asks: said('copy_gate', { service }),
  touches: [`link ${id}`],
  requires: [condition(thing.copy(id), 'absent', 'present')],
  effects: { [thing.copy(id)]: 'present' },
  async look(world) {
    const { copy } = await world.reading(id)
    return copy.state === 'present' ? said('copy_now_done', { service, rows: copy.rows }) : said('copy_now', { service, link: id })
  },
  prepare: async world => ({ had: (await world.reading(id)).copy.state === 'present' }),
  apply: world => world.copy(id, 'create'),
  async settled(world) {
    const { copy } = await world.reading(id)
    return copy.state === 'present' ? passed([shown('rows', copy.rows)]) : holds(said('copy_waits', { service, link: id }))
  },
  inverse: {
    does: said('copy_inverse', { service, link: id }),
    rehearse: async (world, memo) => (memo['had'] === true ? null : inUse(id, await world.reading(id))),
    apply: async (world, memo) => (memo['had'] === true ? undefined : world.copy(id, 'drop')),
    settled: async () => passed(),
  },
})

/** Nothing may be answered from a copy that goes, nor compared with it. */
const inUse = (link: string, { answers, compares }: Reading): Said | null =>
  answers === 'replica' || compares ? said('copy_in_use', { link }) : null

/**
 * Puts the copy out of reach, rows and all. Whoever still reaches for it is refused, and named; taken out again it is as
 * before. No read of an epoch in which it was read may be in flight.
 */
export const quarantineCopy = ({ id, to: service }: LinkContract): Verb => ({
  name: 'quarantine copy',
  does: said('quarantine_copy', { service, link: id }),
  asks: said('quarantine_copy_gate', { service }),
  touches: [`link ${id}`],
  requires: [condition(thing.reading(id), 'http'), condition(thing.consumer(id), 'none'), condition(thing.drained(id, 'event'), 'yes')],
  effects: { [thing.copy(id)]: 'quarantined' },
  async look(world) {
    const { copy } = await world.reading(id)
    return copy.state === 'present'
      ? said('quarantine_copy_now', { service, rows: copy.rows })
      : said('quarantine_copy_now_done', { service, state: copy.state })
  },
  apply: world => world.copy(id, 'quarantine'),
  async settled(world) {
    const { copy } = await world.reading(id)
    return copy.state === 'present' ? holds(said('quarantine_copy_waits', { service })) : passed([shown('rows', copy.rows)])
  },
  inverse: {
    does: said('quarantine_copy_inverse', { service }),
    rehearse: async () => null,
    apply: world => world.copy(id, 'restore'),
    async settled(world) {
      const { copy } = await world.reading(id)
      return copy.state === 'quarantined' ? holds(said('quarantine_copy_waits', { service })) : passed([shown('rows', copy.rows)])
    },
  },
})

/** Why a read of an older epoch may still be in flight, or null. */
export async function readingsOver(world: World, link: string, service: string): Promise<Said | null> {
  const { epoch } = await world.reading(link)
  const all = await world.instances(service)
  if (all.length === 0) return said('deploy_waits_none', { service })
  const behind = all.filter(one => (one.readings[link] ?? 0) < epoch).map(one => one.id)
  return behind.length === 0 ? null : said('read_waits', { instances: behind.join(', '), epoch })
}

/** Drops the copy that was in quarantine. That nobody has reached for it meanwhile is looked at again here. */
export const dropCopy = ({ id, to: service }: LinkContract): Verb => ({
  name: 'drop copy',
  does: said('drop_copy', { service, link: id }),
  asks: said('drop_copy_gate', { service }),
  touches: [`link ${id}`],
  requires: [condition(thing.copy(id), 'quarantined'), condition(thing.quiet(id), 'yes')],
  effects: { [thing.copy(id)]: 'absent' },
  async look(world) {
    const { copy } = await world.reading(id)
    return copy.state === 'absent' ? said('drop_copy_now_done', { service }) : said('drop_copy_now', { service, rows: copy.rows })
  },
  async apply(world) {
    const { copy } = await world.reading(id)
    const [touch] = copy.touches
    if (touch !== undefined) {
      throw new Problem('service_refused', {
        detail: `${touch.who} has reached for the copy of ${id} in quarantine (${touch.what}, ${touch.count} times): mend that, go back, and apply it again. Nothing was dropped`,
      })
    }
    await world.copy(id, 'drop')
  },
  async settled(world) {
    const { copy } = await world.reading(id)
    return copy.state === 'absent' ? passed() : holds(said('drop_copy_waits', { service }))
  },
  inverse: { noReturn: said('drop_copy_no_return', { service, link: id }) },
})
