import type { Tx } from '../database/database.ts'
import type { ColumnChange } from '../contract/columns.ts'

/** How a change of columns stands in one table. */
export interface ColumnStand {
  readonly added: 'absent' | 'present'
  /** Whether a row that is written without the new columns is refused, and whether all that are there have been checked. */
  readonly guard: 'none' | 'new_rows' | 'all_rows'
  readonly old: 'present' | 'quarantined' | 'absent'
  /** Whether the old column may be empty. */
  readonly relaxed: boolean
  readonly rows: number
  /** Rows whose new columns are filled. */
  readonly filled: number
  /** Since somebody reached for the old column who does not know of the change; null when nobody ever has. */
  readonly quietMs: number | null
  readonly uses: readonly ColumnUse[]
}

/** Who reached for the old column without knowing of the change, from where, and how often. */
export interface ColumnUse {
  readonly who: string
  /** Where in the code. */
  readonly what: string
  readonly count: number
  readonly last_at: string
}

/**
 * Steps in a table, each of which changes nothing when it is repeated. A constraint is added and validated in transactions
 * of their own, or the table would be locked for as long as all of its rows are read. `relax` lets the old column be empty,
 * for writers that leave it alone; `tighten` ends that.
 */
export const columnSteps = [
  'expand',
  'retract',
  'guard',
  'unguard',
  'constrain',
  'validate',
  'relax',
  'tighten',
  'quarantine',
  'restore',
  'drop',
] as const
export type ColumnStep = (typeof columnSteps)[number]

/** From the old column to the new ones, or back, for rows that were written with the new ones alone. */
export type Direction = 'forward' | 'back'

/** A row with both of its forms. */
export interface BothForms {
  readonly key: string
  readonly old: string | null
  readonly parts: Readonly<Record<string, string | null>>
}

export interface FillJob {
  readonly direction: Direction
  readonly state: 'filling' | 'done' | 'cancelled'
  readonly askedBy: string
  readonly cursor: string | null
  readonly total: number
  readonly filled: number
  readonly tookMs: number
}

/** Rows of the comparison of both forms, up to a limit of differing keys. */
export interface Compared {
  readonly rows: number
  readonly different: number
  readonly keys: readonly string[]
}

/** What a change of columns needs of the service's own database. */
export interface ColumnStore {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** Null while the table is not there: a copy that was not made. */
  stand(change: ColumnChange): Promise<ColumnStand | null>
  /** Does nothing about a table that is not there. Waits for the table for half a second at the most, so that nobody queues behind it for longer; then it throws, and nothing is done. */
  step(tx: Tx, change: ColumnChange, step: ColumnStep): Promise<void>
  /** Begins filling for whoever asks; the same asker asking again changes nothing. */
  begin(tx: Tx, change: ColumnChange, direction: Direction, askedBy: string): Promise<void>
  cancel(tx: Tx, change: ColumnChange, askedBy: string): Promise<void>
  job(change: ColumnChange): Promise<FillJob | null>
  /** The job, locked; undefined when it is over or another instance has it. */
  take(tx: Tx, change: ColumnChange): Promise<FillJob | undefined>
  /** The next rows, locked. */
  page(tx: Tx, change: ColumnChange, after: string | null, limit: number): Promise<readonly BothForms[]>
  /** Fills the new columns of rows in which they are empty. Answers with how many. */
  fill(tx: Tx, change: ColumnChange, rows: readonly { readonly key: string; readonly parts: readonly (string | null)[] }[]): Promise<number>
  /** Writes the old column of rows in which it says something else. Answers with how many. */
  fillBack(tx: Tx, change: ColumnChange, rows: readonly { readonly key: string; readonly old: string }[]): Promise<number>
  /** Moves the cursor of the job, or ends it. */
  passed(
    tx: Tx,
    change: ColumnChange,
    page: { readonly cursor: string | null; readonly filled: number; readonly over: boolean },
  ): Promise<void>
  /** Rows with both forms, for the comparison. */
  both(change: ColumnChange, after: string | null, limit: number): Promise<readonly BothForms[]>
  /** Notes who reached for old columns. */
  used(change: ColumnChange, who: string, uses: readonly { readonly what: string; readonly count: number }[]): Promise<void>
}
