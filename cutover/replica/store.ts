import type { Tx } from '../database/database.ts'
import type { Kept, Row } from './definition.ts'

/** A row to be kept: what was told, in the order in which it is to be stored. */
export interface Told {
  readonly row: Row
  readonly revision: number
  readonly removed: boolean
}

/** What stands under a key after storing; `stored` where it is what was told just now. */
export interface Standing {
  readonly stored: boolean
  readonly revision: number
  readonly removed: boolean
  readonly same: boolean
}

/** `quarantined`: the rows are there, out of reach; whoever reaches for them is refused and noted. */
export type TableState = 'absent' | 'present' | 'quarantined'

export interface Touch {
  readonly who: string
  readonly what: string
  readonly count: number
  readonly last_at: string
}

/** What keeping a copy needs of the reader's own database. */
export interface ReplicaStore {
  /** Keeps each row unless one of a later revision is there; answers with what stands then, in the same order. Each key once. */
  keep(tx: Tx, told: readonly Told[]): Promise<readonly Standing[]>
  /** The rows under these keys, tombstones left out. Throws `Quarantined` when the table is out of reach. */
  find(keys: readonly string[], tx?: Tx): Promise<ReadonlyMap<string, Kept>>
  /** Rows in the order of their keys from after `after`, tombstones left out. */
  list(after: string | null, limit: number): Promise<readonly Kept[]>
  /** Ends the wait of whatever waits for these rows. */
  wake(tx: Tx, keys: readonly string[]): Promise<void>

  /** `quietMs`: since somebody reached for it, or since it was put there; null unless it is in quarantine. */
  state(): Promise<{ readonly state: TableState; readonly rows: number; readonly quietMs: number | null }>
  /** Each of these may be repeated, and changes nothing then. */
  create(tx?: Tx): Promise<void>
  quarantine(tx: Tx): Promise<void>
  restore(tx: Tx): Promise<void>
  /** Removes the table, from wherever it is, and what was noted about it. */
  drop(tx: Tx): Promise<void>
  /** Who has reached for the table since it was put in quarantine. */
  touches(): Promise<readonly Touch[]>
}

/** The table is in quarantine or gone: the reader's switch says so by now; read it again. */
export class Quarantined extends Error {
  override readonly name = 'Quarantined'
}
