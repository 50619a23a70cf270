import { styleText } from 'node:util'
import Table from 'cli-table3'

type Style = Parameters<typeof styleText>[0]

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

/** A table without lines: head, rows, columns two spaces apart. What is unknown shows as a dash. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
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

/** "1 link", "9 links" */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
