import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { complete } from '../../tests/bad-inputs/catalogue.ts'
import { oldTitle, parseTitle, titleLens } from './title.ts'

/** Section 8.6 of the catalogue of bad inputs: the row, what is written, the area that is found, the title, and why its author is to look at it. */
const catalogue: readonly (readonly [number, string, string | null, string, string | null])[] = [
  [95, '[Math] Fractions', 'Math', 'Fractions', null],
  [96, 'Fractions', null, 'Fractions', null],
  [97, '[Math]Fractions', 'Math', 'Fractions', null],
  [98, '[]  X', null, '[]  X', 'area_blank'],
  [98, '[ ] X', null, '[ ] X', 'area_blank'],
  [99, '[Math X', null, '[Math X', 'unbalanced'],
  [99, 'Math] X', null, 'Math] X', 'unbalanced'],
  [100, '[A [B]] X', null, '[A [B]] X', 'nested'],
  [101, '[A][B] X', 'A', '[B] X', 'second_bracket'],
  [102, '  [A] X', null, '  [A] X', 'leading_space'],
  [103, 'X [A]', null, 'X [A]', null],
  [104, '[A]', null, '[A]', 'title_blank'],
  [104, '[A] ', null, '[A] ', 'title_blank'],
  [105, '［Ａ］ X', null, '［Ａ］ X', 'lookalike'],
  [106, '[الجبر] كسور', 'الجبر', 'كسور', null],
  [106, '[A] \u202Eabc', 'A', '\u202Eabc', 'bidi_control'],
  [107, '[🎓] X', '🎓', 'X', null],
  [107, '[👩‍👩‍👧‍👦] X', '👩‍👩‍👧‍👦', 'X', null],
  [107, `[${'👩‍👩‍👧‍👦'.repeat(64)}] X`, '👩‍👩‍👧‍👦'.repeat(64), 'X', null],
  [108, `[${'a'.repeat(65)}] X`, null, `[${'a'.repeat(65)}] X`, 'too_long'],
  [108, 'x'.repeat(10_000), null, 'x'.repeat(10_000), 'too_long'],
  [109, '[a]]>', 'a', ']>', null],
  [109, '[${x}] y', '${x}', 'y', null],
  [109, '[<b>] y', '<b>', 'y', null],
]

for (const [row, written, area, title, flag] of catalogue) {
  test(`row ${row}: ${JSON.stringify(written.slice(0, 30))} is ${area === null ? 'a title as a whole' : `${JSON.stringify(area.slice(0, 10))} and the rest`}${flag === null ? '' : `, ${flag}`}`, () => {
    assert.deepEqual(parseTitle(written), { area, title, flag })
    assert.equal(titleLens.down(titleLens.up({ title: written })).title, written)
  })
}

const anyTitle = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('[', ']', ' ', 'a', '［', '🎓', '\u202E', '\u0301') }),
  fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })).map(([area, title]) => `[${area}] ${title}`),
)

test('whatever was written comes back to the byte, and only what would not is kept beside its parts', () => {
  fc.assert(
    fc.property(anyTitle, written => {
      const split = titleLens.up({ title: written })
      assert.equal(titleLens.down(split).title, written)
      const { title_raw: raw, ...parts } = split
      assert.equal(raw === undefined, oldTitle(parts) === written)
    }),
    { numRuns: 5_000 },
  )
})

test('row 110: what was stated in two parts is never taken apart again, and an area is never blank or bracketed', () => {
  fc.assert(
    fc.property(anyTitle, written => {
      const { area, title, flag } = parseTitle(written)
      if (area === null) assert.equal(title, written)
      else assert.ok(area.trim() !== '' && !/[[\]]/.test(area) && title.trim() !== '')
      if (area !== null && flag === null) assert.deepEqual(parseTitle(`[${area}] ${title}`), { area, title, flag: null })
    }),
    { numRuns: 5_000 },
  )
})

complete(
  'titles',
  [...catalogue.map(([row]) => row), 110],
  [],
  [
    {
      row: 111,
      input: 'an old title and new parts that disagree',
      file: 'cutover/columns/columns.db.test.ts',
      claims: ['a row whose forms differ is found, by its key'],
      otherwise: 'no message is a conflict for it, because a message has one form or the other; a row may have both',
    },
  ],
)
