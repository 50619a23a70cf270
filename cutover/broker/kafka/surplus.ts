import type { FetchFrom, LogRecord } from '../broker.ts'

/**
 * Records that a fetch brought beyond the limit of its caller: Kafka counts bytes, our callers count records. The next
 * look finds them here, if it goes on exactly where they begin.
 */
export interface Surplus {
  at(topicId: string, from: FetchFrom): readonly LogRecord[] | undefined
  /** Instead of what was kept of that partition before. */
  keep(topicId: string, partition: number, records: readonly LogRecord[]): void
}

/** Whoever reads on reads on soon; for others it is memory, and retention goes on meanwhile. */
const keptMs = 5_000

export function openSurplus(): Surplus {
  const kept = new Map<string, { readonly records: readonly LogRecord[]; readonly until: number }>()
  const keyOf = (topicId: string, partition: number): string => `${topicId}/${partition}`
  let sweepAt = 0

  /** What nobody came for is not kept until its partition is read again. */
  function sweep(now: number): void {
    if (now < sweepAt) return
    sweepAt = now + keptMs
    for (const [key, { until }] of kept) if (until < now) kept.delete(key)
  }

  return {
    at(topicId, { partition, offset }) {
      const found = kept.get(keyOf(topicId, partition))
      return found !== undefined && found.until >= Date.now() && found.records[0]?.offset === offset ? found.records : undefined
    },
    keep(topicId, partition, records) {
      const now = Date.now()
      if (records.length === 0) kept.delete(keyOf(topicId, partition))
      else kept.set(keyOf(topicId, partition), { records, until: now + keptMs })
      sweep(now)
    },
  }
}
