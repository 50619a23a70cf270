/** The topics of all events, as they stand and as contracts and links want them. Wire names are snake_case. */

/** The answer of `GET /api/topics`. */
export interface TopicsView {
  readonly topics: readonly TopicRow[]
  /** Services that did not answer, and why: of their events, or of what they read, nothing is known. */
  readonly away: readonly { readonly service: string; readonly reason: string }[]
}

export interface TopicRow {
  readonly event: string
  /** The name on the log. */
  readonly topic: string
  /** The service that states the event, and so the one that makes its topic. */
  readonly service: string
  /** `unknown` when that service, or the log, does not answer. */
  readonly state: TopicState | 'unknown'
  /** What offsets belong to: a topic that was made again under its name has another. */
  readonly id: string | null
  /** Null unless it is there. */
  readonly partitions: number | null
  /** What the contract says; fixed for life. */
  readonly wanted: number
  /** Since when it is hidden. */
  readonly since: string | null
  /** How often somebody reached for it while it was hidden. */
  readonly touches: number
  /** Of each partition the first offset that is still there and the next one; decimal. Empty unless it is open. */
  readonly bounds: readonly TopicBounds[]
  /** The records that are there, all partitions together; null where that is not known. */
  readonly records: number | null
  /** Where each reader stands; only what services report of themselves. */
  readonly readers: readonly { readonly link: string; readonly service: string; readonly positions: readonly TopicPosition[] }[]
  /** Links of which a route, or a deployed producer, needs the topic now. */
  readonly needed_by: readonly string[]
}

export type TopicState = 'open' | 'quarantined' | 'retired' | 'absent'

export interface TopicBounds {
  readonly partition: number
  readonly start: string
  readonly end: string
}

export interface TopicPosition {
  readonly partition: number
  readonly position: string
}

export interface TopicsApplyRequest {
  readonly dry_run?: boolean
}

/** What `POST /api/topics` did, or with `dry_run` would do, with each event. */
export interface TopicsApplyAnswer {
  readonly dry_run: boolean
  readonly topics: readonly TopicOutcome[]
}

export interface TopicOutcome {
  readonly event: string
  readonly topic: string
  /**
   * `created`: made with the contract's partitions. `kept`: there already, as it should be. `unneeded`: no route needs it.
   * `differs`: there with another number of partitions, which is never changed. `hidden`: needed, and hidden or dropped on
   * purpose. `held`: a run changes it by its plan. `unknown`: its service, or one that may need it, does not answer.
   */
  readonly outcome: 'created' | 'kept' | 'unneeded' | 'differs' | 'hidden' | 'held' | 'unknown'
  readonly partitions: number | null
  readonly wanted: number
  readonly needed_by: readonly string[]
  /** The run that holds it, or why nothing is known. */
  readonly why: string | null
}
