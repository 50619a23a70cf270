import type { Tx } from '../database/database.ts'
import type { Kept } from '../replica/definition.ts'

export type Answers = 'http' | 'replica'

/** How the reading of one link stands: who answers, whether the other side is compared, and since which epoch. */
export interface Reading {
  readonly answers: Answers
  readonly compares: boolean
  readonly epoch: number
}

/**
 * What a comparison of one read found. `stale`: the copy was behind and caught up. `missing`: the owner has it, the copy
 * does not; `extra` the other way round. `failed`: one side gave no answer, which is a mismatch as well.
 */
export type ReadVerdict = 'equal' | 'stale' | 'different' | 'missing' | 'extra' | 'failed'
export const readVerdicts: readonly ReadVerdict[] = ['equal', 'stale', 'different', 'missing', 'extra', 'failed']

export type ReadCounts = Readonly<Record<ReadVerdict | 'skipped', number>>

export interface Mismatch {
  readonly key: string
  readonly verdict: Exclude<ReadVerdict, 'equal'>
  /** Names of the columns that differ; never their values. */
  readonly columns: readonly string[]
  readonly lagMs: number | null
}

/** What the comparisons of a link have come to since its present epoch. */
export interface ReadTotals extends ReadCounts {
  /** Equal or stale since the last that was neither. */
  readonly in_a_row: number
  /** Median and the 99th percentile of how long the copy was behind, over the stale reads; null without any. */
  readonly lag_p50_ms: number | null
  readonly lag_p99_ms: number | null
  /** Compared reads per second since the epoch began. */
  readonly rate: number
}

/** What reading over links needs of the reader's own database. */
export interface ReadingStore {
  /** Says for links that are not there yet where they are answered from. */
  install(links: readonly { readonly link: string; readonly answers: Answers }[]): Promise<void>
  all(): Promise<Readonly<Record<string, Reading>>>
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** One link, locked until the transaction ends; undefined where this database does not decide it. */
  lock(tx: Tx, link: string): Promise<Reading | undefined>
  move(tx: Tx, link: string, to: Reading): Promise<void>

  /** Adds what an instance has found since it said so last. */
  count(link: string, epoch: number, instance: string, counts: ReadCounts, mismatches: readonly Mismatch[]): Promise<void>
  totals(link: string, epoch: number): Promise<ReadTotals>
  mismatches(link: string, epoch: number): Promise<readonly object[]>

  /** Keeps a row that was fetched for what waits for it, and wakes that, at once. */
  gather(link: string, key: string, kept: Kept): Promise<void>
  hasGathered(link: string, key: string): Promise<boolean>
  /** Makes due whatever waits for a row of the link. */
  wakeAll(link: string): Promise<void>
  gathered(tx: Tx, link: string, keys: readonly string[]): Promise<ReadonlyMap<string, Kept>>
  /** Throws away what was fetched more than `minutes` ago, and mismatches beyond the newest of a link. */
  forget(minutes: number): Promise<void>
}

/** Single mismatches that are kept of a link and epoch. */
export const mismatchesMax = 10_000
/** … and that are shown at once. */
export const mismatchesShown = 100
