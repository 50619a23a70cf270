import { Readable } from 'node:stream'
import type { HttpAnswer, HttpRequest } from 'cutover/http/server'

/** A number is written as it is; text is made harmless first. */
export type Cell = string | number | null

// What a spreadsheet takes for a formula, also behind blanks and in full width; a tab or a line break may start a new cell.
const formula = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u
// What needs no quotes, whatever separates the cells for whoever reads them.
const plain = /^[\p{L}\p{N} _.:-]*$/u

/**
 * One line of CSV as RFC 4180 has it. Text that a spreadsheet would take for a formula is led by an apostrophe, so that it
 * stays text; nothing is left out.
 */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cell).join(',')}\r\n`

function cell(value: Cell): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = formula.test(value) ? `'${value}` : value
  return plain.test(text) ? text : `"${text.replaceAll('"', '""')}"`
}

/** Whether CSV is asked for: by `?format=csv`, or without it by the header Accept. */
export const wantsCsv = ({ query, headers }: HttpRequest): boolean =>
  query['format'] === 'csv' || (query['format'] === undefined && /\btext\/csv\b/.test(headers['accept'] ?? ''))

/** The parameter that asks for it. */
export const formatParameter = { enum: ['json', 'csv'] } as const

/** An answer of any length, sent page by page while it is read. What fails before the first page is answered as a problem. */
export async function csvAnswer(
  name: string,
  head: readonly string[],
  pages: AsyncIterable<readonly (readonly Cell[])[]>,
): Promise<HttpAnswer> {
  const reading = pages[Symbol.asyncIterator]()
  const first = await reading.next()
  async function* lines(): AsyncGenerator<string> {
    yield csvLine(head)
    for (let page = first; page.done !== true; page = await reading.next()) yield page.value.map(csvLine).join('')
  }
  return {
    body: Readable.from(lines()),
    headers: {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="${name}.csv"`,
    },
  }
}
