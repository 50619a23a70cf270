import type { Route } from '../contract/contract.ts'
import type { Stretch } from '../contract/receipts.ts'
import type { OutboxRow } from '../outbox/store.ts'

/** The right to work on a lane. `term` fences: a write-back under an older term changes nothing. */
export interface Lease {
  readonly term: string
  readonly position: bigint
}

/** A row as a lane reads it. `bytes` is null in rows that are not of this lane. */
export type LaneRow = Omit<OutboxRow, 'bytes'> & { readonly bytes: string | null; readonly age_ms: number }

/** The outbox as one lane reads it. */
export interface OutboxSource {
  /** Up to `readMax` rows after a position, in position order. */
  read(after: bigint): Promise<readonly LaneRow[]>
  /** The transactions that hold the switch's shared lock now. */
  holders(): Promise<ReadonlySet<string>>
}

export interface Failure {
  readonly position: string
  readonly factId: string
  readonly error: string
}

/** A delivery by HTTP that is due again. */
export type DueRetry = OutboxRow & { readonly attempts: number }

/** A fact as the sweep looks at it; `dead` when its delivery is a dead letter here, which waits for a person. */
export type IssuedRow = OutboxRow & { readonly age_ms: number; readonly dead: boolean }

/** A refill of a link: what is not terminal is sent again. */
export interface Refill {
  readonly number: string
  /** The gap of the receiver that asked for it. */
  readonly gap: string | null
  /** How far it has looked in the outbox and among what was carried over, and up to where it looks. */
  readonly position: bigint
  readonly carried: bigint
  readonly until: bigint
  /** Facts that were asked after, and those of them that were sent again. */
  readonly looked: number
  readonly sent: number
  readonly beganAt: Date
  readonly endedAt: Date | null
}

/** What the relay needs of the service's own database. */
export interface RelayStore {
  /** Leases on lanes, measured by the database's clock; they run out after `leaseMs`. */
  acquire(lane: string, holder: string): Promise<Lease | undefined>
  /** Moves the position, never back, and renews the lease; false when the lease is another's by now: stop at once. */
  advance(lane: string, term: string, position: bigint): Promise<boolean>
  /** Moves the position back, to look once more at what lies beyond it. */
  fallBack(lane: string, term: string, position: bigint): Promise<void>
  release(lane: string, term: string): Promise<void>
  /** The newest position that was drawn: what is stated from now on lies beyond it. */
  drawn(): Promise<bigint>

  /** The rows that are published as events. */
  readonly published: OutboxSource
  /** The rows whose route on `link` is http. */
  called(link: string): OutboxSource

  /** Remembers failures of a first attempt (`attempts` 1) or facts to be called again (0). Ones that are there keep their count; a fact that is not held any more is terminal. */
  retryLater(link: string, failures: readonly Failure[], attempts: number, delayMs: number): Promise<void>
  due(link: string, limit: number): Promise<readonly DueRetry[]>
  /** Counts one more attempt and sets the next time. */
  retryAgain(link: string, position: string, error: string, delayMs: number): Promise<void>
  settle(link: string, positions: readonly string[]): Promise<void>
  /** Sets the message aside, with its bytes and reason, in one transaction with the end of its retries. */
  bury(link: string, row: OutboxRow, attempts: number, code: string, error: string): Promise<void>
  retries(): Promise<number>

  /** The lowest position of these lanes: what lies beyond has not been delivered yet. 0 as long as none of them has run. */
  delivered(lanes: readonly string[]): Promise<bigint>
  /** The facts of a link from beyond `from` up to `to`, counted and digested. */
  issued(link: string, from: bigint, to: bigint): Promise<Stretch>
  /** The same facts one by one, in position order. */
  issuedRows(link: string, stretch: Stretch): Promise<readonly IssuedRow[]>

  /** Begins a refill, from where the sweep stands up to where the log has been told; one that is under way goes on instead. */
  askRefill(link: string, gap: string | null): Promise<Refill>
  /** The last refill of a link. */
  refill(link: string): Promise<Refill | null>
  /** Up to `limit` facts of a link that go by event, beyond a position and up to another, in position order. */
  refillRows(link: string, after: bigint, until: bigint, limit: number): Promise<readonly IssuedRow[]>
  /** Moves a refill on, unless another has begun since; `over` ends it. */
  moveRefill(link: string, to: Pick<Refill, 'number' | 'position' | 'carried' | 'looked' | 'sent'>, over: boolean): Promise<void>

  /** Copies facts of a link out of the outbox, so that it need not keep them. Those that are copied already stay as they are. */
  carryOver(link: string, positions: readonly string[]): Promise<void>
  /** Facts of a link that were carried over, beyond a position, in position order. */
  carried(link: string, after: bigint, limit: number): Promise<readonly IssuedRow[]>
  carriedCount(link: string): Promise<number>
  /** Ends the keeping, and the retries, of carried facts that are terminal. */
  letGo(link: string, positions: readonly string[]): Promise<void>
  /** How many facts of each link are not known to be terminal; counted up to `openMax`. */
  open(links: readonly string[]): Promise<Readonly<Record<string, number>>>
  /** Which of these facts of a link are still held here, in the outbox or carried over, and so will be seen through. */
  held(link: string, facts: readonly string[]): Promise<readonly string[]>
  /** The facts that were stated for a route of a link, at an epoch or after it, and are still held; reads all of them. */
  statedFor(link: string, route: Route, since: number): Promise<Stated>
  /**
   * Those of them that are not known to be terminal; no more can come once the switch has left the route. The receiver
   * remembers that all is terminal up to `compared`: what the sweep has found beyond that is not believed any more.
   */
  rest(link: string, route: Route, compared: bigint, since: number): Promise<Rest>
}

export interface Stated {
  readonly issued: number
  /** The highest epoch in their stamps; 0 where there are none. */
  readonly newest: number
}

/** What is left of the facts that were stated for one route of a link. */
export interface Rest {
  /** Those that are not known to be terminal. */
  readonly open: number
  /** Up to `candidatesMax` of them, oldest first. */
  readonly candidates: readonly string[]
  /** Those of the candidates whose delivery waits for its next try, and those that are dead letters here. */
  readonly retrying: readonly string[]
  readonly dead: readonly string[]
  /** Whether facts may be missing here because the outbox has let them go before the receiver remembered them. */
  readonly gone: boolean
}
export const candidatesMax = 5_000

export const openMax = 10_000
export const leaseMs = 4_000
export const readMax = 500
