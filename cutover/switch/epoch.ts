import { Problem } from '../failure/problem.ts'
import type { Log } from '../process/log.ts'
import type { SwitchStore } from './store.ts'

/**
 * The problem of a database that was restored from a backup: facts of a higher epoch are out there, and whatever was
 * said about their epochs (drained, final) would not hold if they were given to other facts.
 */
export const epochBehind = (epoch: number, seen: number): Problem =>
  new Problem('epoch_behind', {
    detail: `this database stands at epoch ${epoch}, and facts of its epoch ${seen} are known: it was restored from an older backup. Nothing was recorded. Raise it: POST /operator/epoch with at_least ${seen + 1}`,
    extensions: { epoch, seen },
  })

/** Takes what a peer has seen of our epoch. Below it nothing is appended any more, by no instance. */
export function openHeed(store: SwitchStore, log: Log): (seen: number | undefined) => Promise<void> {
  // What is not above an epoch that was heeded needs no look at the database: an epoch never goes back, unless by a restore.
  let heeded = 0
  return async seen => {
    if (seen === undefined || seen <= heeded) return
    if (await store.heed(seen))
      log.error(
        { seen },
        'switch: a peer has seen facts of a higher epoch than this database has; nothing is appended until it is raised: POST /operator/epoch',
      )
    heeded = seen
  }
}
