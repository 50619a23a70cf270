import { type Ability, capability, isAble } from '../contract/capability.ts'
import type { LinkContract } from '../contract/contract.ts'
import type { ConsumerStore } from '../consumer/store.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { Permit } from '../switch/switch.ts'

/**
 * Throws when a live instance of this service cannot do what the switch is about to ask of all of them. In the
 * transaction of the flip, so that an instance that has just said otherwise is seen.
 */
export async function allCan(store: ConsumerStore, tx: Tx, ability: Ability, subject: string): Promise<void> {
  const lacking = (await store.instances(tx)).filter(one => !isAble(one.capabilities, ability, subject)).map(one => one.id)
  if (lacking.length === 0) return
  const wanted = capability(ability, subject)
  throw new Problem('capability_missing', {
    detail: `${lacking.length === 1 ? 'instance' : 'instances'} ${lacking.join(', ')} of the sender cannot ${ability}: deploy it with ${wanted} first. Nothing was switched`,
    extensions: { capability: wanted, instances: lacking },
  })
}

/** For routes: call for facts, or produce them as events; both, while each route has a share of the keys. */
export const sendersCan =
  (store: ConsumerStore, kind: LinkContract['kind']): Permit =>
  async (tx, { link, from, to, share, shadow }) => {
    const both = share < 100
    if (both || (to === 'http' && from !== 'http' && kind === 'business')) await allCan(store, tx, 'call', link)
    if (both || to === 'event' || shadow) await allCan(store, tx, 'produce', link)
  }
