import type { Route } from './contract.ts'

/**
 * What one instance of a service reports of itself and of its database, for the doctor of a running system: as it is,
 * judged by nobody. Ids and numbers, never payloads. Times are told in milliseconds ago, by the database's own clock.
 */
export interface Diagnosis {
  readonly service: string
  readonly instance: string
  readonly build: string
  readonly node: string
  /** Which database it is: instances of one service that tell different ones do not share their switch. */
  readonly database: string
  readonly epoch: number
  /** The highest epoch that peers have told of this database while it stood below; 0 unless it was restored. */
  readonly epoch_seen: number
  /** The highest term of an engine that was seen here. */
  readonly term: number
  /** Both read at the same moment, as near as one question allows. */
  readonly clock: { readonly process_ms: number; readonly database_ms: number }
  /** Settings of the database server, by name. */
  readonly settings: Readonly<Record<string, string>>
  readonly instances: readonly InstanceReport[]
  readonly switches: readonly SwitchReport[]
  readonly readings: readonly ReadingReport[]
  readonly lanes: readonly LaneReport[]
  readonly partitions: readonly PartitionReport[]
  /** Why loops of this instance do not move: by the name of the lane or the consumer. */
  readonly troubles: readonly { readonly of: string; readonly why: string }[]
  readonly topics: readonly TopicReport[]
  /** Topics that are on the log and that no event of the contracts has. */
  readonly unowned: readonly string[]
  /** Why nothing could be told of topics, or null. */
  readonly log_away: string | null
  readonly versions: readonly { readonly event: string; readonly version: number; readonly digest: string }[]
  /** What events are produced in, where it is not version 0. */
  readonly produced: readonly { readonly event: string; readonly version: number }[]
  readonly waiting: readonly WaitingReport[]
  /** The highest epoch of each sender that stamps have shown here. */
  readonly seen: readonly { readonly link: string; readonly epoch: number }[]
  readonly late: readonly LateReport[]
}

export interface InstanceReport {
  readonly id: string
  /** How long ago its heartbeat ran out; 0 while it lives. */
  readonly silent_ms: number
  readonly build: string | null
  readonly capabilities: readonly string[]
  readonly versions: Readonly<Record<string, readonly number[]>>
}

export interface SwitchReport {
  readonly link: string
  readonly route: Route
  readonly share: number
  readonly shadow: boolean
  readonly epoch: number
  readonly changed_ms: number
}

export interface ReadingReport {
  readonly link: string
  readonly answers: 'http' | 'replica'
  readonly compares: boolean
  readonly copy: 'absent' | 'present' | 'quarantined'
  /** How often somebody reached for the copy in quarantine. */
  readonly touches: number
}

export interface LaneReport {
  readonly lane: string
  readonly holder: string | null
  /** How long ago its lease ran out; 0 while it is held. */
  readonly free_ms: number
  readonly position: string
}

export interface PartitionReport {
  readonly link: string
  readonly partition: number
  readonly holder: string | null
  readonly free_ms: number
  readonly position: string
  /** The first offset that the log still has, and the next one to be written; null when the log did not say. */
  readonly start: string | null
  readonly end: string | null
}

export interface TopicReport {
  readonly event: string
  readonly state: 'open' | 'quarantined' | 'retired' | 'absent'
  /** Null unless it is there. */
  readonly partitions: number | null
  readonly touches: number
}

/** Facts of a link that are not terminal, by where they are. */
export interface WaitingReport {
  readonly link: string
  readonly place: 'outbox' | 'carried' | 'retry' | 'parked' | 'dead' | 'refused'
  /** What it waits for, or the code of the failure. */
  readonly why: string
  readonly count: number
  readonly oldest_ms: number
  /** The oldest of them. */
  readonly fact: string | null
}

/** Messages that came by a route after the link had left it. */
export interface LateReport {
  readonly link: string
  readonly route: Route
  readonly count: number
  readonly fact: string
  readonly epoch: number
  readonly last_ms: number
}
