/** Records of one partition: from `after` up to, not including, `until`. */
export interface Range {
  readonly partition: number
  readonly after: bigint
  readonly until: bigint
}

/**
 * Cuts ranges so that they hold `limit` records together at most. Those that have something share the limit equally,
 * and what one does not need goes to the others, so that a full partition neither starves the rest nor is starved.
 * Empty ranges are left out.
 */
export function shareLimit<R extends Range>(ranges: readonly R[], limit: number): readonly R[] {
  const sizeOf = (range: R): number => Math.min(limit, Number(range.until - range.after))
  // The smallest first: whatever it leaves of its share is shared among those after it.
  const waiting = ranges.filter(range => range.until > range.after).toSorted((a, b) => sizeOf(a) - sizeOf(b))
  let left = limit
  return waiting.flatMap((range, index) => {
    const size = Math.min(sizeOf(range), Math.ceil(left / (waiting.length - index)))
    left -= size
    return size === 0 ? [] : [{ ...range, until: range.after + BigInt(size) }]
  })
}
