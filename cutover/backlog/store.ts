/** A lane that delivers facts: those that are published, or those that are called over one link. */
export interface Carrier {
  readonly lane: string
  /** The link whose http route it serves; null for what is published. */
  readonly link: string | null
}

/** How far the lanes are behind, in positions: more than facts, because a lane passes those of others as well. */
export interface Extent {
  /** The newest position that was drawn. */
  readonly drawn: number
  /** By lane, what it has passed; 0 for one that has never run. */
  readonly passed: Readonly<Record<string, number>>
  /** Deliveries that wait for their next try, counted up to the limit that was asked for. */
  readonly retries: number
}

/** What waits for one lane. */
export interface Waiting {
  readonly lane: string
  readonly link: string | null
  readonly position: string
  /** The instance that holds it; null when nobody does. */
  readonly holder: string | null
  /** Its own facts among the next `lookMax` positions; all of them when `more` is false. */
  readonly facts: number
  readonly more: boolean
  /** Milliseconds since the oldest of them was stated. */
  readonly oldestMs: number | null
}

/** Deliveries of a link that wait for their next try. */
export interface Retries {
  readonly link: string
  readonly count: number
  /** Milliseconds until the next of them is due; negative when it is overdue. */
  readonly nextInMs: number
  /** The most attempts that one of them has spent. */
  readonly attempts: number
}

/** Messages of a link that are set aside here: by its sender's relay, or by its receiver. */
export interface SetAside {
  readonly link: string
  readonly dead: number
  readonly parked: number
}

/** What measuring the backlog needs of a service's own database. Nothing here locks or changes anything. */
export interface BacklogStore {
  /** A few index look-ups, however much there is; `limit` is how far retries are counted. */
  extent(lanes: readonly string[], limit: number): Promise<Extent>
  /** The carrier's own facts beyond a position, counted one by one up to `limit`. */
  count(carrier: Carrier, beyond: number, limit: number): Promise<number>
  waiting(carriers: readonly Carrier[]): Promise<readonly Waiting[]>
  retries(): Promise<readonly Retries[]>
  setAside(): Promise<readonly SetAside[]>
}

/** How far a look at what waits goes. */
export const lookMax = 10_000
