/** A stretch of positions `(from, to]` of a sender's outbox, with how many facts of a link it holds and the digest of their sorted ids. */
export interface Stretch {
  readonly from: string
  readonly to: string
  readonly count: number
  readonly digest: string
}

/** What a receiver says of a list of facts. Those it does not name have never arrived. */
export interface ReceiptAnswer {
  readonly terminal: readonly string[]
  readonly parked: readonly string[]
  readonly dead: readonly string[]
  /** The highest epoch of the sender that its stamps have shown here. */
  readonly epoch?: number
}

/** What a receiver says of stretches: the ends of those for which it has other receipts. */
export interface CompareAnswer {
  readonly different: readonly string[]
  readonly epoch?: number
  /** The position up to which the sender has told the receiver last that all is terminal; absent from a build that takes no such word. */
  readonly compared?: string
  /**
   * The log has lost records of the link that its consumer wanted: what is not terminal is to be sent again, and then this
   * number is told back. Absent while nothing is wanted.
   */
  readonly gap?: string
}

/** What a receiver says of a fact that its sender has written off: the receipt that stands, which may be an older one. */
export interface WrittenOffAnswer {
  readonly outcome: string
}

/** What a receiver has taken of `{ known, beyond }`: the position that stands then. Lower than `known` in one that was restored. */
export interface ComparedAnswer {
  readonly compared: string
}
