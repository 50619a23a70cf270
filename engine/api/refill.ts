// How the facts of a link leave for the log, and how what the log has lost is sent again: the JSON that travels.

/** How facts of the event route leave for the log: by the outbox, or direct, from memory, where a crash loses them. */
export type Delivery = 'outbox' | 'direct'

export interface DeliveryRequest {
  readonly to: Delivery
  /** Tries it, with the lock and all checks, and takes it back. */
  readonly dry_run?: boolean
}

export interface DeliveryAnswer {
  readonly link: string
  readonly from: Delivery
  readonly to: Delivery
  /** The epoch of the sender's database after the call: no fact of an older one can be stated any more. */
  readonly epoch: number
  readonly changed: boolean
  /** Everything is told once more, so that the reader gets what was lost. */
  readonly tells_anew: boolean
  readonly dry_run: boolean
  readonly term: number
}

export interface RefillRequest {
  /** Only counts what would be sent again. */
  readonly dry_run?: boolean
}

/** What a refill of a link would send again now. */
export interface RefillCount {
  readonly link: string
  readonly dry_run: true
  /** Facts that the receiver was asked after. */
  readonly looked: number
  /** Those of them that are not terminal. */
  readonly open: number
  /** Those of `open` that the receiver, or a dead letter at the sender, keeps: they are not sent again. */
  readonly kept: number
  /** There are more facts than were looked at. */
  readonly more: boolean
  /** The link is direct now: facts that were stated so are in no outbox and cannot be sent again. */
  readonly direct: boolean
}

/** How far a refill has come: the facts of a link that are not terminal are sent to the log once more. */
export interface RefillView {
  readonly link: string
  readonly state: 'none' | 'under_way' | 'done'
  /** The how-manieth of the link; 0 if there was none. */
  readonly number: number
  /** `consumer` for one that a gap of the log has begun. */
  readonly asked_by: 'operator' | 'consumer' | null
  /** Positions of the outbox that are not looked at yet; those of other links are among them. */
  readonly left: number
  readonly looked: number
  readonly sent: number
  readonly began_at: string | null
  readonly ended_at: string | null
  readonly direct: boolean
}
