import type { TracePlace } from '../contract/trace.ts'

/** Looks for facts in the library's tables, and changes nothing. */
export interface TraceStore {
  /**
   * The facts, newest first, that have this as their id, their business key or a part of it, the entity that they are
   * about, their trace, or the number of their dead letter. Up to `factsMax`; `cut` when there may be more.
   */
  named(id: string): Promise<{ readonly facts: readonly string[]; readonly cut: boolean }>
  /** All that is stored about these facts. */
  places(facts: readonly string[]): Promise<readonly TracePlace[]>
}

export const factsMax = 20
/** Of the outbox, which has no index on keys because every append would pay for it, as many rows are looked through. */
export const lookedThroughMax = 200_000
