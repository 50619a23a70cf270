import type { Tx } from '../database/database.ts'
import type { ColumnChange } from './definition.ts'

/** How a change of columns stands in one table. */
export interface ColumnStand {
  readonly added: 'absent' | 'present'
  /** Whether a row that is written without the new columns is refused, and whether all that are there have been checked. */
  readonly guard: 'none' | 'new_rows' | 'all_rows'
  readonly old: 'present' | 'quarantined' | 'absent'
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

/** Steps in a table, each of which changes nothing when it is repeated. */
export const columnSteps = ['expand', 'retract', 'guard', 'unguard', 'check', 'quarantine', 'restore', 'drop'] as const
export type ColumnStep = (typeof columnSteps)[number]

export interface FillJob {
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
  stand(change: ColumnChange): Promise<ColumnStand>
  /** Waits for the table for half a second at the most, so that nobody queues behind it for longer; then it throws, and nothing is done. */
  step(tx: Tx, change: ColumnChange, step: ColumnStep): Promise<void>
  /** Begins filling for whoever asks; the same asker asking again changes nothing. */
  begin(tx: Tx, change: ColumnChange, askedBy: string): Promise<void>
  cancel(tx: Tx, change: ColumnChange, askedBy: string): Promise<void>
  job(change: ColumnChange): Promise<FillJob | null>
  /** The job, locked; undefined when it is over or another instance has it. */
  take(tx: Tx, change: ColumnChange): Promise<FillJob | undefined>
  /** The next rows with their old value, locked. */
  page(
    tx: Tx,
    change: ColumnChange,
    after: string | null,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly old: string }[]>
  /** Fills the rows whose new columns are empty, and moves the cursor. */
  fill(
    tx: Tx,
    change: ColumnChange,
    rows: readonly { readonly key: string; readonly parts: readonly (string | null)[] }[],
    over: boolean,
  ): Promise<void>
  /** Rows with both forms, for the comparison. */
  both(
    change: ColumnChange,
    after: string | null,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly old: string; readonly parts: Readonly<Record<string, string | null>> }[]>
  /** Notes who reached for old columns. */
  used(change: ColumnChange, who: string, uses: readonly { readonly what: string; readonly count: number }[]): Promise<void>
}
