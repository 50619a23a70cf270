import type { Envelope, Route } from './contract.ts'

/**
 * What the switch said when the fact was committed. Written once, never changed: only the stamped route has effects. A
 * data link stamps a fact only while its state is produced as events: by HTTP nobody is told, the reader asks.
 */
export interface Stamp {
  readonly route: Route
  readonly epoch: number
  /** The event is published although another route has the authority, so that a recording consumer can be compared. */
  readonly shadow?: true
  /**
   * The fact is in no outbox: its position is 0, nobody asks for its receipt, and none can send it again. Only the
   * revision says where it belongs.
   */
  readonly direct?: true
}

/** A fact on its way, by whatever route. `bytes` are what was committed; nothing parses and rewrites them. */
export interface Message {
  readonly factId: string
  readonly event: string
  readonly version: number
  readonly businessKey: string
  readonly orderKey: string
  /** The entity's revision where the link carries one, else null. */
  readonly revision: number | null
  /** The entity is gone: the payload is its last state, and the copy keeps a tombstone with this revision. */
  readonly removed?: boolean
  /** The service that stated the fact. */
  readonly source: string
  /** Its place in the outbox of `source`, 0 if it was never there: a decimal string, because positions outgrow a double. */
  readonly position: string
  readonly stamps: Readonly<Record<string, Stamp>>
  readonly traceparent: string | null
  readonly bytes: string
}

/** A message whose bytes have been read and validated. */
export interface Incoming<M extends Envelope = Envelope> extends Message {
  readonly envelope: M
}
