import type { ColumnChange } from '../contract/columns.ts'

/** What a column can be. `jsonb` is given and taken as a value, and compared as PostgreSQL writes it. */
export type ColumnType = 'text' | 'integer' | 'uuid' | 'jsonb'

/** The columns of one row, as the reader's code sees them. */
export type Row = Readonly<Record<string, unknown>>

/**
 * A copy of state that another service owns: what of it is kept, where, and how it is read by HTTP while there is no
 * copy. The table is made and dropped by the link's plans. One definition serves the consumer, the snapshot, both ways of
 * reading, and the comparison.
 */
export interface ReplicaDefinition<R extends Row = Row> {
  readonly link: string
  readonly table: string
  /** The columns that name a row, in the order in which a key names them. The first alone is unique; what follows only helps the owner to find it. */
  readonly key: readonly [string, ...string[]]
  /** Every column with its type, those of the key included. */
  readonly columns: Readonly<Record<keyof R & string, ColumnType>>
  /** One of them is to be kept in others: the table has these instead, or as well, as the instance is deployed. */
  readonly change?: ColumnChange
  /**
   * The columns out of an event's payload or of the owner's answer, which have the same names; null when it is no such
   * thing. Another service's word is input like any other.
   */
  read(value: unknown): R | null
  /** The path that answers with one row. */
  path(key: readonly string[]): string
  /** The path that answers with a page of rows, and the rows of its answer. */
  readonly list?: {
    path(after: string | null, limit: number): string
    rows(answer: unknown): readonly unknown[]
  }
}

/** A row with the revision of the state that it shows. State that never changes has revision 1. */
export interface Kept<R extends Row = Row> {
  readonly row: R
  readonly revision: number
}

const name = /^[a-z][a-z0-9_]{0,50}$/
const kept: readonly string[] = ['revision', 'removed', 'stored_at']

/** Throws for a definition that cannot be meant. Names become part of statements, so they are plain. */
export function defineReplica<R extends Row>(definition: ReplicaDefinition<R>): ReplicaDefinition<R> {
  const { link, table, key, columns } = definition
  const names = Object.keys(columns)
  const odd = [table, ...names].find(one => !name.test(one))
  if (odd !== undefined) throw new Error(`the copy of ${link}: "${odd}" is no plain name`)
  const taken = names.find(one => kept.includes(one))
  if (taken !== undefined) throw new Error(`the copy of ${link}: the column ${taken} belongs to the copy itself`)
  const unknown = key.find(one => !names.includes(one))
  if (key.length === 0 || unknown !== undefined) throw new Error(`the copy of ${link}: its key names ${unknown ?? 'nothing'}`)
  return definition
}

/** A key as one text. Ids have no colon in them. */
export const keyText = (parts: readonly string[]): string => parts.join(':')
export const keyParts = (key: string): readonly string[] => key.split(':')
export const keyOf = ({ key }: Pick<ReplicaDefinition, 'key'>, row: Row): string => keyText(key.map(column => String(row[column])))

/** What a fact waits for that needs a row that is not here yet; its arrival wakes it. */
export const waitFor = (link: string, key: string): string => `${link}:${key}`
