/** Plain columns of one business row, as its owner reports them. Names are those of the wire: snake_case. */
export type Content = Readonly<Record<string, string | number | null>>

/** One business row of a service, as the audits of the services give it. Never a receipt, never a unique key. */
export interface Row {
  /** What pairs a fact with its effect, composed from columns: `task:candidate`. */
  readonly key: string
  /** The id that the sender gave the fact; by it the receiver and the outbox are asked about an effect that is absent. */
  readonly factId: string | null
  readonly content: Content
}

/**
 * What the effect of a fact has to look like, computed anew from the fact. A pure function of the system that is
 * verified: the engine knows no school.
 */
export interface Expectation {
  readonly link: string
  /**
   * The columns that the effect must have, with their values; columns of the effect that are not named here are not
   * compared. The effect is given for what only it can know (the version of a rule that it was booked under).
   */
  expected(fact: Row, effect: Row): Content
}
