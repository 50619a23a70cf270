import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonError, parseStrict } from './strict-json.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const refusal = (input: string | Uint8Array): JsonError => {
  try {
    parseStrict(typeof input === 'string' ? bytesOf(input) : input)
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error))
    return error
  }
  return assert.fail('it was read')
}

test('every JSON document that holds nothing forbidden is read as JSON.parse reads it', () => {
  const key = fc
    .string({ unit: 'grapheme' })
    .filter(text => !text.includes('\u0000') && !['__proto__', 'constructor', 'prototype'].includes(text))
  const { document } = fc.letrec<{ document: unknown }>(tie => ({
    document: fc.oneof(
      { maxDepth: 5 },
      key,
      fc.maxSafeInteger(),
      fc.double({ min: -1e15, max: 1e15, noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('document'), { maxLength: 4 }),
      fc.dictionary(key, tie('document'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(document, fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      assert.deepEqual(parseStrict(bytesOf(text)), JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})

test('whatever the bytes are, they are read or refused with a JsonError', () => {
  const nearly = fc.array(fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '\\', 'u0', '-', '1', '.', 'e', 'true', ' ', 'a'), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 30 }),
        nearly.map(parts => bytesOf(parts.join(''))),
      ),
      bytes => {
        try {
          parseStrict(bytes)
        } catch (error) {
          assert.ok(error instanceof JsonError)
          return
        }
        JSON.parse(new TextDecoder().decode(bytes))
      },
    ),
    { numRuns: 2_000 },
  )
})

const refused: readonly (readonly [string, string | Uint8Array, string, string?])[] = [
  ['an empty body', '', 'body_empty'],
  ['a truncated document', '{"payload":', 'json_syntax'],
  ['text after the document', '{} x', 'json_syntax'],
  ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d), 'json_bom'],
  ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'utf8_invalid'],
  ['UTF-16', new Uint8Array(Buffer.from('\ufeff{}', 'utf16le')), 'charset_unsupported'],
  ['a key that occurs twice', '{"a":{"b":1,"b":2}}', 'json_duplicate_key', '/a/b'],
  ['a key that occurs twice by an escape', '{"a":1,"\\u0061":2}', 'json_duplicate_key', '/a'],
  ['__proto__', '{"__proto__":{"admin":true}}', 'key_forbidden', '/__proto__'],
  ['__proto__ by an escape', '{"\\u005f_proto__":1}', 'key_forbidden', '/__proto__'],
  ['constructor', '{"a":[{"constructor":1}]}', 'key_forbidden', '/a/0/constructor'],
  ['33 levels of arrays', '['.repeat(33) + ']'.repeat(33), 'json_too_deep'],
  ['33 levels of objects', '{"a":'.repeat(33) + '1' + '}'.repeat(33), 'json_too_deep'],
  ['a hundred thousand open arrays', '['.repeat(100_000), 'json_too_deep'],
  ['2^53 + 1', '{"a":9007199254740993}', 'number_unsafe', '/a'],
  ['2^53 + 1 with a fraction', '[9007199254740993.0]', 'number_unsafe', '/0'],
  ['1e20', '1e20', 'number_unsafe'],
  ['more digits than a double has', '0.123456789012345678', 'number_unsafe'],
  ['1e400', '{"a":1e400}', 'number_range', '/a'],
  ['1e-400', '1e-400', 'number_range'],
  ['a number of a thousand digits', '9'.repeat(1_000), 'number_range'],
  ['NaN', 'NaN', 'json_syntax'],
  ['a leading zero', '01', 'json_syntax'],
  ['two points', '1.2.3', 'json_syntax'],
  ['a comment', '{/* */}', 'json_syntax'],
  ['a trailing comma', '{"a":1,}', 'json_syntax'],
  ['a trailing comma in an array', '[1,]', 'json_syntax'],
  ['a raw line feed in a string', '"a\nb"', 'json_syntax'],
  ['a lone surrogate', '{"a":"\\ud800"}', 'unicode_surrogate'],
  ['a lone surrogate in a key', '{"\\udc00":1}', 'unicode_surrogate'],
  ['U+0000', '{"a":"x\\u0000"}', 'unicode_nul', '/a'],
  ['U+0000 in a key', '{"\\u0000":1}', 'unicode_nul'],
]
for (const [what, input, code, pointer] of refused) {
  test(`${what} is refused as ${code}`, () => {
    const error = refusal(input)
    assert.equal(error.code, code)
    if (pointer !== undefined) assert.equal(error.pointer, pointer)
  })
}

test('32 levels are read', () => {
  const text = '['.repeat(32) + ']'.repeat(32)
  assert.deepEqual(parseStrict(bytesOf(text)), JSON.parse(text))
})

test('minus zero is zero, and 1.0 is one', () => {
  assert.ok(Object.is(parseStrict(bytesOf('-0')), 0))
  assert.ok(Object.is(parseStrict(bytesOf('-0.0')), 0))
  assert.equal(parseStrict(bytesOf('1.0')), 1)
})

test('the place of a syntax error is told in bytes', () => {
  assert.match(refusal('{"ё":x}').message, /^at byte 6:/)
})

test('a pointer escapes what pointers are made of', () => {
  assert.equal(refusal('{"a/b":{"~":1e400}}').pointer, '/a~1b/~0')
})

test('a refusal never repeats the value', () => {
  for (const text of ['{"name":"Ada Secret"', '{"name":"Ada Secret\\u0000"}', '{"phone":79261234567012345678}']) {
    assert.doesNotMatch(refusal(text).message, /Secret|7926/)
  }
})
