import type { Gap } from '../broker/broker.ts'
import type { Tx } from '../database/database.ts'

/** Whose share of which topic. */
export interface ShareOf {
  readonly consumer: string
  readonly topicId: string
  /** The instance. */
  readonly holder: string
}

/** A partition that this instance may read, fenced by `term`, and the next offset to read. */
export interface Held {
  readonly partition: number
  readonly position: bigint
  readonly term: string
}

/** Where a holder begins to handle records. */
export interface Start {
  readonly partition: number
  readonly offset: bigint
  readonly term: string
}

export interface Move {
  readonly from: Held
  readonly to: bigint
}

/** What an instance says that it is: what it can do, which versions it handles by link, and of which build it is. */
export interface Declaration {
  readonly capabilities: readonly string[]
  readonly versions: Readonly<Record<string, readonly number[]>>
  readonly build: string
  /** By data link that it reads: no read under an epoch of the reading switch below this one is in flight in it. */
  readonly readings: Readonly<Record<string, number>>
}

/** An instance that lives. One of a build that said something else declares nothing, and its build is not known. */
export interface LiveInstance extends Omit<Declaration, 'build'> {
  readonly id: string
  readonly build: string | null
}

/** A gap in the log that a consumer has met. The partition is read again once the facts were sent again. */
export interface OpenGap extends Gap {
  readonly id: string
  /** The sender has sent again what is not terminal. */
  readonly refilled: boolean
}

/** What consumers need of the service's own database: positions, leases on partitions, and who is alive. */
export interface ConsumerStore {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** Compare-and-set of positions, each under its term; answers with how many were moved. */
  advance(tx: Tx, share: ShareOf, moves: readonly Move[]): Promise<number>

  /**
   * Notes where records are about to be handled; durable for whoever outlives this process, not for the server's own end.
   * Resolves with how many holders before this one began there and never came past it; of several places, the most.
   */
  begin(share: ShareOf, starts: readonly Start[]): Promise<number>
  /** Takes back what was noted, and what of it was counted against a record: whoever began there lives. */
  survive(share: ShareOf, starts: readonly Start[]): Promise<void>

  /** Makes the rows of a topic's partitions, at its start, unless they are there. */
  install(share: ShareOf, partitions: number): Promise<void>
  /** Leases run out after `shareLeaseMs`. */
  renew(share: ShareOf): Promise<void>
  /** Gives up what is held beyond `most` partitions. */
  giveUp(share: ShareOf, most: number): Promise<void>
  /** Takes what is free, until `most` partitions are held. */
  take(share: ShareOf, most: number): Promise<void>
  held(share: ShareOf): Promise<readonly Held[]>
  release(share: ShareOf): Promise<void>
  /**
   * Remembers a gap, unless one of the partition is open; the position stays where it is. `link` is whose sender is asked
   * to send again.
   */
  noteGap(share: ShareOf, link: string, gap: Gap): Promise<void>
  /** Where a consumer had read another topic of that name: what was on its way there is to be sent again. Once per topic. */
  noteAnew(share: ShareOf, link: string): Promise<boolean>
  /** The gaps of this topic that still stop a partition. */
  gaps(share: ShareOf): Promise<readonly OpenGap[]>
  /** Sets the position to where the gap resumes, by compare-and-set under the term, and ends the gap with it; false when the share is lost. */
  resume(tx: Tx, share: ShareOf, from: Held, gap: OpenGap): Promise<boolean>
  /** The newest gap of a link for which nothing has been sent again yet. */
  wanting(link: string): Promise<string | null>
  /** Everything has been sent again that was not terminal when this gap was known. */
  refilled(link: string, gap: string): Promise<void>
  /** By link, how many partitions are stopped by a gap. */
  stopped(): Promise<Readonly<Record<string, number>>>
  /** For how many partitions of one topic a consumer has a position. */
  positions(consumer: string): Promise<number>

  /** Says that an instance lives, for the next `aliveMs`, and what it is. */
  beat(id: string, declaration: Declaration): Promise<void>
  /** All that live, by id; as the transaction sees them, if there is one. */
  instances(tx?: Tx): Promise<readonly LiveInstance[]>
  leave(id: string): Promise<void>
}

export const shareLeaseMs = 5_000
export const aliveMs = 6_000
