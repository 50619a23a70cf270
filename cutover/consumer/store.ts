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

export interface Move {
  readonly from: Held
  readonly to: bigint
}

/** What consumers need of the service's own database: positions, leases on partitions, and who is alive. */
export interface ConsumerStore {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** Compare-and-set of positions, each under its term; answers with how many were moved. */
  advance(tx: Tx, share: ShareOf, moves: readonly Move[]): Promise<number>

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

  /** Says that an instance lives, for the next `aliveMs`, and what it can handle. */
  beat(id: string, capabilities: object): Promise<void>
  instances(): Promise<number>
  leave(id: string): Promise<void>
}

export const shareLeaseMs = 5_000
export const aliveMs = 6_000
