/**
 * Which rows of a read may be delivered: pure. Positions are drawn before their transactions commit, so a missing one
 * may still appear, or never (its transaction rolled back). Only a run without gaps is delivered; a gap is skipped when
 * `skippableThrough` has passed it.
 */
export interface Run {
  /** How many of the rows, from the first, may be delivered. */
  readonly count: number
  /** The lane's position after them. */
  readonly position: bigint
  /** The highest position of the read when a gap stopped the run, else null. Every position below it had been drawn. */
  readonly blockedBelow: bigint | null
}

export function nextRun(after: bigint, rows: readonly bigint[], skippableThrough: bigint): Run {
  let position = after
  let count = 0
  for (const row of rows) {
    const gapEnds = row - 1n
    if (row !== position + 1n && gapEnds > skippableThrough) return { count, position, blockedBelow: rows.at(-1) ?? null }
    position = row
    count++
  }
  return { count, position, blockedBelow: null }
}

/** A gap that was seen, and the transactions that could still fill it: those that held the switch's shared lock then. */
export interface Gap {
  readonly below: bigint
  readonly holders: ReadonlySet<string>
}

/** Whether every transaction that could fill the gap has ended. One more read must still lack the row before it is skipped. */
export const gapIsDead = (gap: Gap, holdersNow: ReadonlySet<string>): boolean => gap.holders.isDisjointFrom(holdersNow)
