import type { Tx } from '../database/database.ts'
import type { OutboxRow } from '../outbox/store.ts'

export type Side = 'receive' | 'relay'
export type LetterState = 'open' | 'replaying' | 'resolved' | 'written_off'

/** Bytes and headers, as they came or as they were changed to. */
export interface Content {
  readonly bytes: Uint8Array
  /** JSON. */
  readonly headers: string
}

/** A dead letter as it is stored. */
export interface Letter extends Content {
  readonly id: string
  readonly side: Side
  readonly link: string
  readonly fact_id: string | null
  readonly code: string
  readonly error: string
  readonly attempts: number
  readonly origin: string
  readonly state: LetterState
  readonly created_at: Date
  readonly last_failed_at: Date
  readonly event: string | null
  readonly version: number | null
  readonly fingerprint: string | null
  readonly cause: string | null
  readonly job: string | null
  /** The fact as this sender still holds it; null for what was received, and for a fact that it has let go of. */
  readonly held: OutboxRow | null
  /** The edit that counts: the latest, or the one that a job was ordered with. */
  readonly edit: Edit | null
}

export interface Edit extends Content {
  readonly id: string
  readonly author: string
  readonly reason: string
  readonly at: Date
  /** JSON. */
  readonly patch: string
  readonly touches: readonly string[]
}

/** What a group is known by. */
export interface Description {
  readonly event: string | null
  readonly version: number | null
  readonly fingerprint: string
  readonly cause: string
}

export interface Group extends Description {
  readonly side: Side
  readonly link: string
  readonly code: string
  readonly open: number
  readonly replaying: number
  readonly first_at: Date
  readonly last_at: Date
  /** The oldest letter of it. */
  readonly sample: string
}

/** Which letters are meant; what is left out does not matter. */
export interface Selection {
  readonly ids?: readonly string[]
  readonly link?: string
  readonly cause?: string
}

/** A letter as far as an order has to know it. */
export interface Chosen {
  readonly id: string
  readonly link: string
  readonly state: LetterState
  readonly job: string | null
  readonly edit: string | null
  readonly author: string | null
  readonly touches: readonly string[] | null
  /** Whether its fact is terminal without it: there is a receipt here, or the sender has let go of it. */
  readonly terminal: boolean
}

export type JobKind = 'replay' | 'rehearsal' | 'write_off' | 'export'
export type JobState = 'waiting' | 'running' | 'done' | 'held' | 'stopped'

export interface NewJob {
  readonly request: string | null
  readonly kind: JobKind
  readonly reason: string | null
  /** Letters per second. */
  readonly rate: number
  readonly who: string
}

export interface Job extends NewJob {
  readonly id: string
  readonly state: JobState
  readonly needs: readonly string[]
  readonly total: number
  readonly approver: string | null
  readonly trouble: string | null
  readonly asked_at: Date
  readonly approved_at: Date | null
  readonly ended_at: Date | null
  /** How many came out how; what is left has no outcome. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly left: number
}

/** The right to work on a job; `term` fences. */
export interface Held {
  readonly job: Job
  readonly term: string
}

export interface Item {
  readonly place: number
  readonly letter: Letter
}

/** What became of one letter. */
export interface Result {
  readonly outcome: string
  readonly detail: string | null
}
/** The same, where it failed again: the letter is open again, with this error. */
export interface Failed extends Result {
  readonly outcome: 'failed'
  readonly code: string
  readonly detail: string
}

/** What an instance can do something about. */
export interface Able {
  readonly receive: readonly string[]
  readonly relay: readonly string[]
}

export interface HistoryLine {
  readonly at: Date
  /** failed, edited, or the kind of the job. */
  readonly what: string
  readonly who: string | null
  readonly approver: string | null
  readonly job: string | null
  readonly outcome: string | null
  readonly detail: string | null
}

/** What handling dead letters needs of the service's own database. */
export interface DeadLetterStore {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>

  /** Letters that are in no group yet. */
  undescribed(limit: number): Promise<readonly Letter[]>
  describe(letters: readonly { readonly letter: Letter; readonly description: Description }[]): Promise<void>
  /** Those with a letter that is open or being replayed, the largest first, `groupsMax` of them. */
  groups(): Promise<readonly Group[]>
  totals(): Promise<Readonly<Record<LetterState, number>>>
  /** In the order of their ids, beyond `after`. */
  page(selection: Selection, states: readonly LetterState[], after: string, limit: number): Promise<readonly Letter[]>
  /** Locked, when it is asked for in a transaction. */
  letter(id: string, tx?: Tx): Promise<Letter | undefined>
  history(letter: string): Promise<readonly HistoryLine[]>
  addEdit(tx: Tx, letter: string, edit: Omit<Edit, 'id' | 'at'>): Promise<void>

  /** A new job without items; undefined when its request has one already. */
  addJob(tx: Tx, job: NewJob): Promise<string | undefined>
  /** The oldest letters that are meant, `limit` of them; locked with `lock`. By id also those that cannot be claimed, else open and free ones. */
  choose(tx: Tx, selection: Selection, limit: number, lock: boolean): Promise<readonly Chosen[]>
  addItems(tx: Tx, job: string, chosen: readonly Chosen[], needs: readonly string[]): Promise<void>
  claim(tx: Tx, job: string, state: LetterState): Promise<void>
  job(id: string): Promise<Job | undefined>
  jobOf(request: string): Promise<Job | undefined>
  /** Locks it; with the people who wrote the edits that it would use. */
  lockJob(tx: Tx, id: string): Promise<{ readonly job: Job; readonly authors: readonly string[] } | undefined>
  jobs(limit: number): Promise<readonly Job[]>
  /** Lets a waiting job begin. */
  begin(tx: Tx, job: Job, approver: string): Promise<void>
  /** Ends a job, and gives back what it has claimed and not come to. */
  end(tx: Tx, id: string, state: 'done' | 'held' | 'stopped', trouble: string | null): Promise<void>
  /** Jobs that have waited for a second person for longer than `hours`. */
  overdue(hours: number): Promise<readonly string[]>
  /** Throws away rehearsals and exports that ended more than `days` ago. */
  forget(days: number): Promise<void>

  /** A running job of which this instance can do something next; its lease runs out after `jobLeaseMs`. */
  take(holder: string, able: Able): Promise<Held | undefined>
  /** Renews the lease, in the transaction that does something under it; false when it is another's, or the job has ended. */
  renew(held: Held, tx?: Tx): Promise<boolean>
  release(held: Held): Promise<void>
  /** Why it does not get on; null while it does. */
  show(held: Held, trouble: string | null): Promise<void>
  /** How the first item came out, if it has. */
  first(job: string): Promise<string | null>
  /** The next items of a job that this instance can do, in their order. */
  next(job: string, able: Able, limit: number): Promise<readonly Item[]>
  /** Counts a try before it is made, and answers with how many that are; without `count`, they begin anew. */
  tried(job: string, item: Item, count: boolean): Promise<number>
  settle(tx: Tx, job: string, item: Item, result: Result): Promise<void>
  /** The letter is dealt with, and free. */
  close(tx: Tx, letter: Letter, state: 'resolved' | 'written_off'): Promise<void>
  /** The letter failed again: it is open, and counted. */
  reopen(tx: Tx, letter: Letter, failed: Failed): Promise<void>
}

export const groupsMax = 500
export const jobLeaseMs = 15_000
