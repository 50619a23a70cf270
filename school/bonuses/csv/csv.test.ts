import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvLine } from './csv.ts'

/** A reader of RFC 4180, written apart from the writer. */
function parse(text: string): string[][] {
  const rows: string[][] = []
  let [row, cell, quoted] = [[] as string[], '', false]
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (quoted) {
      if (char !== '"') cell += char
      else if (text[at + 1] === '"') [cell, at] = [`${cell}"`, at + 1]
      else quoted = false
    } else if (char === '"' && cell === '') quoted = true
    else if (char === ',') [row, cell] = [[...row, cell], '']
    else if (char === '\r' && text[at + 1] === '\n') {
      rows.push([...row, cell])
      ;[row, cell, at] = [[], '', at + 1]
    } else cell += char
  }
  return rows
}

const corpus = [
  '=HYPERLINK("http://x","y")',
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  ' =1',
  '＝1+1',
  '"=1"',
  '=cmd|"/c calc"!A0',
  ';=1',
  ',=1',
  "'=1",
  '<script>',
  '\u001b[31m',
  'a,b',
  'a"b',
  'a\r\nb',
  'الجبر',
  'e\u0301',
  '👩‍🏫',
  '',
  'Null',
]

const opensFormula = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u

test('no text is a formula to a spreadsheet, whatever separates its cells, and nothing of it is lost', () => {
  for (const text of corpus) {
    const line = csvLine(['before', text, 5])
    const [[, read, number] = []] = parse(line)
    assert.ok(read === text || read === `'${text}`, JSON.stringify(text))
    assert.ok(!opensFormula.test(read), JSON.stringify(text))
    assert.equal(number, '5')
    // Where a reader separates by semicolons or tabs, what follows one must still be inside quotes.
    assert.ok(!/[;\t]/.test(line.replaceAll(/"(?:[^"]|"")*"/g, '')), JSON.stringify(text))
  }
})

test('numbers are numbers, below zero as well; nothing is nothing', () => {
  assert.equal(csvLine(['2026-11', -500, 0, null]), '2026-11,-500,0,\r\n')
})

test('any cells come back from any reader of the standard', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  fc.assert(
    fc.property(fc.array(fc.array(text, { minLength: 2, maxLength: 5 }), { maxLength: 5 }), rows => {
      const read = parse(rows.map(csvLine).join(''))
      assert.equal(read.length, rows.length)
      for (const [n, row] of rows.entries()) {
        assert.deepEqual(
          read[n]?.map((cell, at) => (cell === `'${row[at]}` && opensFormula.test(row[at] ?? '') ? row[at] : cell)),
          row,
        )
      }
    }),
  )
})
