import type { Tx } from '../database/database.ts'
import type { SourceDefinition } from './source.ts'

/** `telling`: pages are being stated; `told`: all are; `done`: and it is known up to which position they go. */
export type SnapshotState = 'telling' | 'told' | 'done' | 'cancelled'

export interface SnapshotJob {
  readonly link: string
  readonly askedBy: string
  readonly state: SnapshotState
  readonly cursor: string | null
  readonly total: number
  readonly copied: number
  readonly through: string | null
  /** Since it began, until it ended or now. */
  readonly tookMs: number
}

export interface SourceRow {
  readonly cursor: string
  readonly payload: object
  readonly revision: number | null
  readonly removed: boolean
}

/** What telling what was there before needs of the owner's database. */
export interface SnapshotStore {
  /** Begins it for whoever asks; the same asker asking again changes nothing, another one begins it anew. */
  begin(tx: Tx, source: SourceDefinition, link: string, askedBy: string): Promise<void>
  /** Gives up what this asker has begun; what another one has begun goes on. */
  cancel(tx: Tx, link: string, askedBy: string): Promise<void>
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  job(link: string): Promise<SnapshotJob | null>
  /** Links whose telling is not over. */
  unfinished(): Promise<readonly string[]>
  /** The job, locked; undefined when it is over, another instance has it, or the link is not produced. In a transaction under the switch. */
  take(tx: Tx, link: string): Promise<SnapshotJob | undefined>
  /** The next rows in order, locked against changes until the transaction ends. */
  page(tx: Tx, source: SourceDefinition, after: string | null, limit: number): Promise<readonly SourceRow[]>
  told(tx: Tx, link: string, cursor: string | null, rows: number, over: boolean): Promise<void>
  /** Notes up to which position all of it goes: every transaction that stated a page has ended. */
  finish(tx: Tx, link: string): Promise<void>
  /** Rows of the outbox that are not published yet. */
  backlog(): Promise<number>
  /** Up to which position the facts of a link are terminal, or carried over. */
  passed(link: string): Promise<string>
}
