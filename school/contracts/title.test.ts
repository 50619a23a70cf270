import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { oldTitle, parseTitle, titleLens } from './title.ts'

/** The catalogue: what is written, the area that is found, the title, and why its author is to look at it. */
const catalogue: readonly (readonly [string, string | null, string, string | null])[] = [
  ['[Math] Fractions', 'Math', 'Fractions', null],
  ['Fractions', null, 'Fractions', null],
  ['[Math]Fractions', 'Math', 'Fractions', null],
  ['[]  X', null, '[]  X', 'area_blank'],
  ['[ ] X', null, '[ ] X', 'area_blank'],
  ['[Math X', null, '[Math X', 'unbalanced'],
  ['Math] X', null, 'Math] X', 'unbalanced'],
  ['[A [B]] X', null, '[A [B]] X', 'nested'],
  ['[A][B] X', 'A', '[B] X', 'second_bracket'],
  ['  [A] X', null, '  [A] X', 'leading_space'],
  ['X [A]', null, 'X [A]', null],
  ['[A]', null, '[A]', 'title_blank'],
  ['[A] ', null, '[A] ', 'title_blank'],
  ['［Ａ］ X', null, '［Ａ］ X', 'lookalike'],
  ['[الجبر] كسور', 'الجبر', 'كسور', null],
  ['[A] \u202Eabc', 'A', '\u202Eabc', 'bidi_control'],
  ['[🎓] X', '🎓', 'X', null],
  ['[👩‍👩‍👧‍👦] X', '👩‍👩‍👧‍👦', 'X', null],
  [`[${'👩‍👩‍👧‍👦'.repeat(64)}] X`, '👩‍👩‍👧‍👦'.repeat(64), 'X', null],
  [`[${'a'.repeat(65)}] X`, null, `[${'a'.repeat(65)}] X`, 'too_long'],
  ['x'.repeat(10_000), null, 'x'.repeat(10_000), 'too_long'],
  ['[a]]>', 'a', ']>', null],
  ['[${x}] y', '${x}', 'y', null],
  ['[<b>] y', '<b>', 'y', null],
]

for (const [written, area, title, flag] of catalogue) {
  test(`${JSON.stringify(written.slice(0, 30))} is ${area === null ? 'a title as a whole' : `${JSON.stringify(area.slice(0, 10))} and the rest`}${flag === null ? '' : `, ${flag}`}`, () => {
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

test('what was stated in two parts is never taken apart again, and an area is never blank or bracketed', () => {
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
