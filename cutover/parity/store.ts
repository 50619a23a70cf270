import type { Message } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import type { Content } from '../receive/handler.ts'
import type { Judged, PairVerdict } from './judge.ts'

/** A fact whose message has come by event and that has not been judged. */
export interface Undecided {
  readonly factId: string
  readonly businessKey: string
  readonly acted: string | null
  readonly actedMs: number | null
  readonly recordedMs: number
  readonly message: Message | { readonly wrong: string }
}

/** A fact on which HTTP has acted and whose event has not come in time. */
export interface Overdue {
  readonly factId: string
  readonly businessKey: string
}

export interface Totals {
  readonly facts: number
  readonly equal: number
  readonly different: number
  readonly missing: number
  readonly extra: number
  readonly late: number
  readonly undecided: number
  /** Pairs per second over the last ten seconds. */
  readonly rate: number
}

export interface StoredPair {
  readonly key: string
  readonly fact_id: string
  readonly verdict: PairVerdict | 'undecided'
  readonly by_http: Content | null
  readonly by_event: Content | null
  readonly acted_at: string | null
  readonly recorded_at: string | null
}

/** What parity needs of the receiver's own database. Its rows are begun by the receiver, in the transactions of both routes. */
export interface ParityStore {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** Up to `pairsMax`, oldest first, locked; those that another transaction has locked are left to it. */
  undecided(tx: Tx, link: string): Promise<readonly Undecided[]>
  overdue(tx: Tx, link: string, afterMs: number): Promise<readonly Overdue[]>
  settle(tx: Tx, link: string, judged: readonly (Judged & { readonly factId: string })[]): Promise<void>
  /** The database's clock: times of both sides are its. */
  nowMs(tx: Tx): Promise<number>
  /** Removes what was judged `keepMs` ago, some at a time. */
  forget(keepMs: number): Promise<void>
  /** Counts of what was stated under `since` or a later epoch. Facts younger than `settleMs` count once they are judged. */
  totals(link: string, since: number, settleMs: number): Promise<Totals>
  pairs(
    link: string,
    since: number,
    filter: { readonly verdict: string | null; readonly key: string | null },
  ): Promise<readonly StoredPair[]>
}

export const pairsMax = 200
export const pairsShownMax = 50
