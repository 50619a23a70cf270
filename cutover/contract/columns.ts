import { type Ability, isAble } from './capability.ts'
import type { Lens } from './lens.ts'

/** What is kept in the columns that come; a column that is left out is null. All of it is text. */
export type Parts = Readonly<Record<string, string>>

/**
 * A value that is to be kept in other columns of its table: one that goes, others that come, and the lens between them,
 * which writes both, fills the new ones, compares them and reads the old one out of them.
 */
export interface ColumnChange {
  /** Names it in plans and capabilities: `US-160`. */
  readonly change: string
  readonly table: string
  /** The column that names a row, unique: rows are filled in its order. */
  readonly cursor: { readonly column: string; readonly type: 'text' | 'uuid' }
  readonly old: string
  /** The columns that come. The required one is never null in a row that is filled. */
  readonly required: string
  readonly optional: readonly string[]
  readonly lens: Lens<string, Parts>
  /** What the lens says of the new columns, as an expression: for digests and pages that are made in the database. Held to the lens by a test of whoever declares it. */
  oldSql(prefix: string): string
}

/**
 * What an instance does about a change is deployed, step by step: instances may be one step apart.
 * `old` reads and writes the old column, `both` writes both and reads the old, `new` writes both and reads the new,
 * `only` does not touch the old column any more.
 */
export type ColumnMode = 'old' | 'both' | 'new' | 'only'

export function modeOf(capabilities: readonly string[], change: string): ColumnMode {
  const able = (ability: Ability): boolean => isAble(capabilities, ability, change)
  if (able('write-new')) return 'only'
  if (able('read-new')) return 'new'
  return able('dual-write') ? 'both' : 'old'
}

const name = /^[a-z][a-z0-9_]{0,40}$/

/** Throws for a definition that cannot be meant. Names become part of statements, so they are plain. */
export function defineColumns(change: ColumnChange): ColumnChange {
  const { table, cursor, old, required, optional } = change
  const odd = [table, cursor.column, old, required, ...optional].find(one => !name.test(one))
  if (odd !== undefined) throw new Error(`${change.change}: "${odd}" is no plain name`)
  if (new Set([old, required, ...optional]).size !== optional.length + 2)
    throw new Error(`${change.change}: a column of ${table} comes twice`)
  return change
}
