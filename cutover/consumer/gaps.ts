import type { Log } from '../process/log.ts'
import type { Shares } from './shares.ts'
import type { ConsumerStore, Held, OpenGap } from './store.ts'

/**
 * Goes on behind each gap for which the sender has sent again what is not terminal: sets the position, on purpose, to
 * where the log has records again. What was sent again lies behind that, because it is appended at the end. Answers with
 * what is held then, and the gaps that still stop a partition.
 */
export async function goOn(
  { store, shares, log }: { readonly store: ConsumerStore; readonly shares: Shares; readonly log: Log },
  held: readonly Held[],
): Promise<{ held: readonly Held[]; gaps: readonly OpenGap[] }> {
  const gaps = await store.gaps(shares.of)
  const ended = new Map<number, bigint>()
  for (const gap of gaps.filter(one => one.refilled)) {
    const from = held.find(one => one.partition === gap.partition)
    if (from === undefined || !(await store.transaction(tx => store.resume(tx, shares.of, from, gap)))) continue
    ended.set(gap.partition, gap.resume)
    const { partition, wanted, resume } = gap
    log.warn(
      { consumer: shares.of.consumer, partition, wanted: wanted.toString(), resume: resume.toString() },
      'consumer: what is not terminal was sent again; reading goes on behind the gap',
    )
  }
  return {
    held: held.map(one => ({ ...one, position: ended.get(one.partition) ?? one.position })),
    gaps: gaps.filter(one => !ended.has(one.partition)),
  }
}
