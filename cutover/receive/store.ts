import type { ReceiptAnswer, Stretch } from '../contract/receipts.ts'
import type { Route } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import type { Via } from './judge.ts'
import type { NewestStamp } from './late.ts'

export interface NewReceipt {
  readonly message: Message
  readonly outcome: 'done' | 'duplicate' | 'rejected'
  readonly detail: string | null
}

export interface Receipt {
  readonly outcome: string
  readonly detail: string | null
  /** Null in one that an older build has written. */
  readonly businessKey: string | null
}

/** What is stored about facts of a link before a message of them is handled. */
export interface Known {
  /** By fact. */
  readonly receipts: ReadonlyMap<string, Receipt>
  readonly newest: NewestStamp
}

/** Messages of a route that came late, with the last of them. */
export interface LateArrivals {
  readonly count: number
  readonly fact: string | null
  readonly epoch: number | null
  readonly at: Date | null
}

export interface WaitingMessage {
  readonly message: Message
  readonly waitsFor: string
}

/** A fact that nobody waits for any more, with its place in the sender's outbox, and who has decided that. */
export interface WrittenOff {
  readonly fact: string
  readonly position: string
  readonly by: string
}

/** A message that is set aside alone. `origin` names where it was read, so that a redelivery is not stored twice. */
export interface DeadMessage {
  readonly factId: string | null
  readonly code: string
  readonly error: string
  readonly attempts: number
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly origin: string
}

export interface ParkedRow {
  readonly link: string
  readonly fact_id: string
  readonly waits_for: string
  /** Looks at it that found nothing. */
  readonly tries: number
  readonly headers: string
  readonly bytes: string
  readonly waited_ms: number
}

/** What receiving needs of the service's own database. */
export interface ReceiveStore {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>

  /** The highest epoch that a stamp on a link has shown; 0 before the first. */
  epochSeen(link: string): Promise<number>
  /** Remembers a stamp that is newer than what was seen, or says the route of it. */
  seeStamp(tx: Tx, link: string, newest: NewestStamp): Promise<void>
  /** The receipts that are there already (a fact with one is never acted on again, and a refusal stays a refusal), and the newest stamp. */
  known(tx: Tx, link: string, facts: readonly string[]): Promise<Known>
  /** Notes messages that came late. One that is parked here has been noted when it came. */
  noteLate(tx: Tx, link: string, late: readonly Message[]): Promise<void>
  late(link: string, route: Route): Promise<LateArrivals>
  /** The position in the sender's outbox up to which its facts are terminal here, as it has told last; 0 before it has told any. */
  compared(link: string): Promise<bigint>
  /** Takes what the sender tells, if it knows what it had told last; answers with what stands then. */
  tellCompared(link: string, known: bigint, beyond: bigint): Promise<bigint>
  /** Writes a fact off, by these people; a receipt that is there already stands. Answers with the outcome that stands. */
  writeOff(tx: Tx, link: string, via: Via, off: WrittenOff): Promise<string>
  storeReceipts(tx: Tx, link: string, via: Via, receipts: readonly NewReceipt[]): Promise<void>
  /**
   * Parks messages; one that is parked already only has what it waits for brought up to date. What waits for a capability
   * or a version is not looked at until it is woken.
   */
  park(tx: Tx, link: string, via: Via, waiting: readonly WaitingMessage[]): Promise<void>
  /** Keeps messages of facts on which another route acts, for the comparison; one that is there keeps its time. */
  record(tx: Tx, link: string, messages: readonly Message[]): Promise<void>
  /** Notes for the comparison what HTTP did about facts that come by event as well. */
  acted(tx: Tx, link: string, receipts: readonly NewReceipt[]): Promise<void>
  /** Keeps messages; one that was replayed from here, and has come back without a receipt, is open again. */
  bury(tx: Tx, link: string, dead: readonly DeadMessage[]): Promise<void>

  /** What due messages wait for, by link; those that have waited longest first. */
  waitedFor(): Promise<readonly { readonly link: string; readonly waits_for: string }[]>
  /** Up to `parkedMax` parked messages that are due, oldest first. */
  due(): Promise<readonly ParkedRow[]>
  /** The same of one link that came by these routes, locked; those that another transaction has locked are left to it. */
  takeDue(tx: Tx, link: string, vias: readonly Via[]): Promise<readonly ParkedRow[]>
  /** One parked message, locked; undefined when it is gone or another's. */
  take(tx: Tx, link: string, factId: string): Promise<ParkedRow | undefined>
  /** Makes due what waits for any of these capabilities. */
  wakeAble(waitsFor: readonly string[]): Promise<void>
  unpark(tx: Tx, link: string, facts: readonly string[]): Promise<void>
  /** Counts a look that found nothing; the next one comes after twice the time, up to `waitMsMax`. */
  postpone(tx: Tx, link: string, facts: readonly string[]): Promise<void>

  /** Which of these facts are terminal here, and which are kept without a receipt; a fact that moves meanwhile is in one of the lists. */
  answer(link: string, facts: readonly string[]): Promise<ReceiptAnswer>
  outcomes(link: string, facts: readonly string[]): Promise<Readonly<Record<string, string>>>
  /** The receipts of a stretch of positions, counted and digested. */
  received(link: string, from: string, to: string): Promise<Pick<Stretch, 'count' | 'digest'>>
  /**
   * Throws away receipts of a link beyond `after` and up to `through` that are older than `days`, refusals and what was
   * written off excepted; some of them, in the order of positions. Answers with the position up to which that is done.
   */
  forget(link: string, after: bigint, through: bigint, days: number): Promise<bigint>
  counts(): Promise<{ readonly parked: number; readonly dead_letters: number }>
}

/** How many receipts are thrown away in one go. */
export const forgottenMax = 5_000
/** How many parked messages are looked at in one go. */
export const parkedMax = 100
/** The first wait of a parked message. Short, because what it waits for is often on its way already. */
export const firstWaitMs = 150
export const waitMsMax = 15_000
