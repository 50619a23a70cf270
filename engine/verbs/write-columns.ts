import { condition, thing } from '../plan/state.ts'
import { type Gate, holds, isInverse, passed, said, shown, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'
import { deployment } from './deployment.ts'
import { columnsLock } from './expand-columns.ts'
import { progressOf } from './fill-columns.ts'
import { relyOnVersionDrained } from './version-drained.ts'

/** Deploys a service that writes both forms, and still reads the old one: instances of either kind may run together. */
export const dualWrite = (change: string, service: string): Verb =>
  deployment({
    name: 'dual write',
    service,
    capability: `dual-write:${change}`,
    touches: [columnsLock(change, service)],
    does: said('deploy_dual_write', { service, change }),
    requires: [condition(thing.added(change, service), 'present')],
    effects: { [thing.written(change, service)]: 'both' },
  })

/** Deploys a service that reads the new form. It still writes both, so the way back is open. */
export const readNew = (change: string, service: string): Verb =>
  deployment({
    name: 'read new',
    service,
    capability: `read-new:${change}`,
    touches: [columnsLock(change, service)],
    does: said('deploy_read_new', { service, change }),
    requires: [
      condition(thing.written(change, service), 'both', 'new', 'only'),
      condition(thing.guard(change, service), 'all_rows'),
      condition(thing.filled(change, service), 'yes'),
      condition(thing.compared(change, service), 'yes'),
    ],
    effects: { [thing.written(change, service)]: 'new' },
  })

/**
 * Deploys a service that leaves the old column alone. `told` is the version of an event that says the old form and that
 * the service has handled: it has to be drained, and that is counted again here. On the way back every instance writes
 * both forms first, and then the old column is filled from the new ones for what was written without it.
 */
export function writeNew(change: string, service: string, told: { readonly event: string; readonly version: number } | null): Verb {
  const verb = deployment({
    name: 'write new',
    service,
    capability: `write-new:${change}`,
    touches: [columnsLock(change, service)],
    does: said('deploy_write_new', { service, change }),
    requires: [
      condition(thing.written(change, service), 'new', 'only'),
      condition(thing.demanded(change, service), 'relaxed'),
      condition(thing.unused(change, service), 'yes'),
      ...(told === null ? [] : [condition(thing.versionDrained(told.event, told.version), 'yes')]),
    ],
    effects: { [thing.written(change, service)]: 'only' },
  })
  const { inverse } = verb
  if (!isInverse(inverse)) throw new Error('a deployment can be undone')
  return {
    ...verb,
    async apply(world, memo) {
      if (told !== null) await relyOnVersionDrained(world, told.event, told.version)
      await verb.apply(world, memo)
    },
    inverse: {
      ...inverse,
      does: said('write_new_inverse', { service, change }),
      async settled(world, memo) {
        const gate = await inverse.settled(world, memo)
        return gate.verdict === 'pass' && memo['had'] !== true ? filledBack(world, change, service) : gate
      },
    },
  }
}

/** Nobody leaves the old column out any more: now it is filled, once, for whoever asks again as well. */
async function filledBack(world: World, change: string, service: string): Promise<Gate> {
  const askedBy = `${world.run ?? 'nobody'}:back`
  await world.fill(service, change, 'fill_back', askedBy)
  const { done, filled, total, etaMs } = progressOf(await world.columns(service, change), askedBy)
  return done ? passed([shown('filled', filled)]) : holds(said('fill_waits', { service, filled, total }), [shown('filled', filled)], etaMs)
}
