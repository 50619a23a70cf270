import type { Envelope } from '../contract/contract.ts'
import type { Incoming } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'

export type { Incoming } from '../contract/message.ts'

/**
 * What a service does about one event of one link. The same handler serves both routes, the parked messages and the
 * replays; it always sees batches, and everything around it (keys, receipts, parking, dead letters, positions,
 * recording) is done by the receiver. It knows the newest version only: older ones come through the event's lenses.
 */
export interface Handler<M extends Envelope = Envelope, Known = unknown, Effect = unknown> {
  /** Reads from the own database what `decide` needs, for all messages at once. No HTTP: it runs inside the transaction. */
  lookup(messages: readonly Incoming<M>[], tx: Tx): Promise<Known>
  /** Pure: what should happen. Recording and parity use the answer without applying it. */
  decide(message: Incoming<M>, known: Known): Decision<Effect>
  /**
   * Applies effects set-wise, in the order given (sorted by business key, each key once), and says what became of
   * each, in the same order. Idempotent by a unique key of the handler's own that never expires.
   */
  apply(effects: readonly Keyed<M, Effect>[], tx: Tx): Promise<readonly Applied[]>
  /** What a comparison of the two routes needs; a handler without it cannot be compared. */
  readonly effects?: Effects<Effect>
}

/** An effect as plain columns, to be compared and shown. No personal data. */
export type Content = Readonly<Record<string, string | number | null>>

export interface Effects<Effect> {
  /** The effects that are there, by business key. */
  found(keys: readonly string[], tx: Tx): Promise<ReadonlyMap<string, Content>>
  /** The same columns of an effect that was decided. */
  content(effect: Effect): Content
}

export type Decision<Effect> =
  | { readonly do: 'apply'; readonly effect: Effect }
  /** A rule of the business refuses it, for ever: a terminal answer that the sender gets to see. */
  | { readonly do: 'reject'; readonly rule: string }
  /** Something known is missing (`manager:m1`, `rating:<outcome>`): park it; `wake` brings it back. */
  | { readonly do: 'wait'; readonly for: string }

export interface Keyed<M extends Envelope, Effect> {
  readonly message: Incoming<M>
  readonly effect: Effect
}

export type Applied =
  | { readonly outcome: 'done' }
  /** It was done before: because of which fact, and what it was, in words, where the handler has kept that. */
  | { readonly outcome: 'duplicate'; readonly of?: string | undefined; readonly first?: string | undefined }
  /** The key is taken by other content: nothing changes, both are shown. */
  | { readonly outcome: 'conflict'; readonly first: string; readonly second: string }

/** Fetches what messages wait for, outside any transaction. Resolves true when it has arrived (and stored it). */
export type Gather = (waitsFor: string, signal: AbortSignal) => Promise<boolean>
