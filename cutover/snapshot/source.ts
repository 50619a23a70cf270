import type { EventContract } from '../contract/contract.ts'

/**
 * State that this service owns and that others read over links: its rows, told as the event's payload. From it come the
 * snapshot, and the owner's side of the proof that the copies equal it. All texts are parts of statements.
 */
export interface SourceDefinition {
  /** The links that carry it, each with the columns that its reader keeps. */
  readonly links: Readonly<Record<string, readonly string[]>>
  readonly event: EventContract
  /** A from-clause with its where. */
  readonly from: string
  /** The table whose rows are locked while they are told. */
  readonly table: string
  /** The column that names a row, unique and rising: pages follow it. */
  readonly cursor: { readonly column: string; readonly type: 'text' | 'uuid' }
  /** The columns of the key, as the reader's copy names its rows. */
  readonly key: readonly { readonly column: string; readonly type: 'text' | 'uuid' }[]
  /** Expressions by field of the state. */
  readonly columns: Readonly<Record<string, string>>
  /** The event's payload of such a state, where it has another form. */
  readonly told?: (state: object) => object
  /** The revision of a row; null for state that never changes. */
  readonly revision: string | null
  /** Whether the row is a tombstone; null where nothing is ever removed. */
  readonly removed: string | null
}
