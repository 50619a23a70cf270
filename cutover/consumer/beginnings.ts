import type { LogRecord } from '../broker/broker.ts'
import type { ConsumerStore, Held, ShareOf, Start } from './store.ts'

/** Holders that may end at one record before it is set aside unhandled. */
export const endedMax = 3

/**
 * What a process leaves behind that dies while it handles a record: where it had begun, stored before. Whoever holds the
 * partition next sees that nobody came past that place.
 */
export interface Beginnings {
  /** Notes that these records are about to be handled. Resolves with how many holders ended where they begin, at the most. */
  begin(held: readonly Held[], records: readonly LogRecord[]): Promise<number>
  /** They are handled, one way or the other. */
  end(): void
  /** Takes back what was noted of records that were not handled although nobody died: trouble of another kind. */
  survive(): Promise<void>
}

export function openBeginnings(store: ConsumerStore, share: ShareOf): Beginnings {
  let begun: readonly Start[] = []
  return {
    async begin(held, records) {
      const first = new Map<number, bigint>()
      for (const { partition, offset } of records) if (!first.has(partition)) first.set(partition, offset)
      begun = held.flatMap(({ partition, term }) => {
        const offset = first.get(partition)
        return offset === undefined ? [] : [{ partition, offset, term }]
      })
      return store.begin(share, begun)
    },
    end() {
      begun = []
    },
    async survive() {
      if (begun.length === 0) return
      await store.survive(share, begun)
      begun = []
    },
  }
}
