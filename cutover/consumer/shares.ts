import type { ConsumerStore, Held, LiveInstance, ShareOf } from './store.ts'

/** How many partitions one of `instances` may hold, so that all are held and none is hoarded. */
export const fairShare = (partitions: number, instances: number): number => Math.ceil(partitions / Math.max(1, instances))

/**
 * Shares the partitions of a topic among the live instances of a service, by leases in its own database: the same for
 * every broker. Positions live there too, so that effect and position commit together.
 */
export interface Shares {
  readonly of: ShareOf
  /** Renews what is held, gives up what is more than a fair share, takes what is free; answers with what is held now. */
  renew(): Promise<readonly Held[]>
  release(): Promise<void>
}

export function openShares(
  store: ConsumerStore,
  of: ShareOf,
  partitions: number,
  /** Who reads this topic: the others must not be counted, or the partitions of their share would be read by nobody. */
  reads: (instance: LiveInstance) => boolean = () => true,
): Shares {
  let installed = false
  return {
    of,
    async renew() {
      if (!installed) {
        // A new consumer begins at the start of the log, never at its end: nothing that was said before is skipped.
        await store.install(of, partitions)
        installed = true
      }
      const share = fairShare(partitions, (await store.instances()).filter(reads).length)
      await store.renew(of)
      await store.giveUp(of, share)
      await store.take(of, share)
      return store.held(of)
    },
    release: () => store.release(of),
  }
}
