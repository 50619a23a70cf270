import type { ColumnChange, ColumnMode, Parts } from '../contract/columns.ts'

/** How statements of one instance write and read a value whose columns change. Constants of the process: they go into prepared statements. */
export interface Columns {
  /** The columns to write, in order, as a list. */
  readonly written: string
  /** What to write into them, in the same order. */
  values(text: string): readonly (string | null)[]
  /** `title = $3, title_text = $4, …`, from parameter number `first` on. */
  assigned(first: number): string
  /** `$3, $4, …`, from parameter number `first` on. */
  placed(first: number): string
  /** How many parameters these are. */
  readonly count: number
  /** The value as an expression, with which statements that know of the change are marked. */
  readonly expression: string
  /** The columns to read, as a list. */
  readonly read: string
  /** The value of a row that was read so. */
  text(row: object): string
}

/** Marks a statement as one that knows of the change, so that it is not taken for a forgotten reader. */
export const markOf = (change: string): string => `/* ${change} */`

export function openColumns(definition: ColumnChange, mode: ColumnMode): Columns {
  const { change, old, required, optional, lens } = definition
  const added = [required, ...optional]
  const names = mode === 'old' ? [old] : mode === 'only' ? added : [old, ...added]
  const mark = markOf(change)
  const readsNew = mode === 'new' || mode === 'only'
  return {
    written: `${names.join(', ')} ${mark}`,
    count: names.length,
    values(text) {
      const parts: Parts = mode === 'old' ? {} : lens.up(text)
      return names.map(column => (column === old ? text : (parts[column] ?? null)))
    },
    assigned: first => `${names.map((column, at) => `${column} = $${first + at}`).join(', ')} ${mark}`,
    placed: first => names.map((_, at) => `$${first + at}`).join(', '),
    expression: `${readsNew ? definition.oldSql('') : old} ${mark}`,
    read: `${(readsNew ? added : [old]).join(', ')} ${mark}`,
    text(row) {
      const read = row as Readonly<Record<string, string | null>>
      if (!readsNew) return read[old] ?? ''
      return lens.down(Object.fromEntries(added.flatMap(column => (read[column] == null ? [] : [[column, read[column]]]))))
    },
  }
}
