import type { Message, Stamp } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import type { NewFact } from './fact.ts'

/** A row of the outbox. */
export interface OutboxRow {
  readonly position: string
  readonly fact_id: string
  readonly event: string
  readonly version: number
  readonly business_key: string
  readonly order_key: string
  readonly revision: string | null
  readonly removed: boolean
  readonly stamps: Readonly<Record<string, Stamp>>
  readonly traceparent: string | null
  readonly bytes: string
}

/** An outbox row as the message that it stands for. */
export const toMessage = (row: OutboxRow, source: string): Message => ({
  factId: row.fact_id,
  event: row.event,
  version: row.version,
  businessKey: row.business_key,
  orderKey: row.order_key,
  revision: row.revision === null ? null : Number(row.revision),
  ...(row.removed ? { removed: true } : {}),
  source,
  position: row.position,
  stamps: row.stamps,
  traceparent: row.traceparent,
  bytes: row.bytes,
})

/** The place that a fact was given. */
export interface Appended {
  readonly factId: string
  readonly position: string
}

/** The positions from `from` up to, not including, `to`: one partition of the outbox. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** What stating facts, and keeping room for them, needs of the service's own database. */
export interface OutboxStore {
  /** One transaction at `read committed` that holds the switch's shared lock from before its first statement to its end. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /**
   * Appends facts in their order, only under `epoch`, only while no peer has seen a higher one, and only registered versions; answers with those
   * that were. Needs a transaction of this store in which the rows of the entities concerned are locked: then position
   * order is commit order for every key.
   */
  append(tx: Tx, epoch: number, facts: readonly NewFact[], traceparent: string | null): Promise<readonly Appended[]>
  epoch(tx: Tx): Promise<{ readonly epoch: number; readonly seen: number }>

  /** Runs `work` in the one transaction that looks after partitions; `busy` when another does, or a table is not to be had soon. */
  maintain<Result>(work: (tx: Tx) => Promise<Result>, others: 'wait' | 'leave'): Promise<{ readonly done: Result } | 'busy'>
  partitions(tx: Tx): Promise<readonly Range[]>
  /** The newest position that was drawn. */
  drawn(tx: Tx): Promise<number>
  /** Adds a partition beside appends, without stopping them. */
  addPartition(tx: Tx, range: Range): Promise<void>
  /** The lowest position of these lanes, or undefined while one of them has never run. */
  passedBy(tx: Tx, lanes: readonly string[]): Promise<number | undefined>
  /** Whether a delivery of the range waits for a retry and is not carried over, or a fact of it is younger than `minutes`. */
  inUse(tx: Tx, range: Range, minutes: number): Promise<boolean>
  dropPartition(tx: Tx, range: Range): Promise<void>
}
