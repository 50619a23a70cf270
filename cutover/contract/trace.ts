/** What may be asked for: ids and business keys are made of these. */
export const traceableId = '^[A-Za-z0-9_.:/@-]{1,400}$'

/** Where a trace of a fact is found: a table of the library, or a business row. */
export type TracePlaceName = 'outbox' | 'carried' | 'retry' | 'receipt' | 'parked' | 'dead' | 'refused' | 'paired' | 'stated' | 'effect'

/** One row that tells of a fact. Ids and numbers, never payloads. */
export interface TracePlace {
  readonly place: TracePlaceName
  /** Null for a business row that does not say by which fact it came about. */
  readonly fact: string | null
  /** Null only where the row is of no link. */
  readonly link: string | null
  /** ISO 8601; null for business rows, which are written in the transaction of their fact or receipt. */
  readonly at: string | null
  readonly numbers: Readonly<Record<string, string | number | boolean | null>>
}

/** `POST /operator/trace`: what one service knows. */
export interface TraceReport {
  readonly service: string
  /** The facts that the id names here, the newest first. */
  readonly facts: readonly string[]
  /** More facts have this id than are told, or the outbox is longer than what was looked through. */
  readonly cut: boolean
  readonly places: readonly TracePlace[]
}
