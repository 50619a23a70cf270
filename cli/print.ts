import { stripVTControlCharacters, styleText } from 'node:util'
import Table from 'cli-table3'

export type Style = Parameters<typeof styleText>[0]

/** Colours only where the output is a terminal that wants them: NO_COLOR, FORCE_COLOR and TERM are respected. */
export const styled = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout })

/** Text from a server, made safe for a terminal: control characters would move the cursor or change its colours. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
export const plain = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')

export type Cell = string | number | null
export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => Cell
  readonly align?: 'right'
  readonly style?: (row: Row) => Style | null
  /** It may be left out where the table is too wide; the last such column goes first. */
  readonly spare?: true
}

const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/**
 * A table without lines: head, rows, columns two spaces apart. What is unknown shows as a dash. Given a width it fits:
 * first the last column gives way down to half its width, then spare columns go, then lines are cut.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number | null = null, dots = '...'): string {
  const whole = columnsToText(columns, rows)
  const last = columns.at(-1)
  if (width === null || last === undefined || widthOf(whole) <= width) return whole
  const lastWidth = Math.max(last.head.length, ...rows.map(row => String(last.cell(row) ?? '-').length))
  const left = width - (widthOf(whole) - lastWidth)
  const spare = columns.findLastIndex(column => column.spare === true)
  if (left < Math.min(lastWidth / 2, 24) && spare >= 0) return table(columns.toSpliced(spare, 1), rows, width, dots)
  const shortened: Column<Row> = { ...last, cell: row => cut(plain(String(last.cell(row) ?? '-')), Math.max(left, 8), dots) }
  return columnsToText([...columns.slice(0, -1), shortened], rows)
}

function columnsToText<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const out = new Table({
    head: columns.map(({ head }) => styled('dim', head)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: bare,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  for (const row of rows) {
    out.push(
      columns.map(({ cell, style }) => {
        const value = cell(row)
        const text = value === null ? '-' : plain(String(value))
        const wanted = style?.(row) ?? null
        return wanted === null ? text : styled(wanted, text)
      }),
    )
  }
  return out.toString().replaceAll(/[ \t]+$/gm, '')
}

/** The width of a text in columns: that of its longest line, colours not counted. */
export const widthOf = (text: string): number =>
  Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map(line => line.length),
  )

/** The text, shortened to the width. */
export const cut = (text: string, width: number, dots: string): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - dots.length)).trimEnd()}${dots}`

/** The words of a text in lines of at most that width. A word that is longer stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** "1 link", "9 links" */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** "3.2 s", "41 s", "3 min 12 s", "2 h 5 min" */
export function duration(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100))
  const seconds = Math.round(tenths / 10)
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`
  if (seconds < 60) return `${seconds} s`
  return seconds < 3_600
    ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** A time that is only guessed, in whole seconds: "about 8 s". */
export const about = (ms: number): string => `about ${ms < 9_950 ? `${Math.max(1, Math.ceil(ms / 1_000))} s` : duration(ms)}`
