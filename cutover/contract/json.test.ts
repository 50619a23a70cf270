import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from './json.ts'

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, one]) => [key, shuffled(one)]),
  )
}

test('the order in which keys were written does not show', () => {
  assert.equal(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }] }), '{"a":[{"c":"x","d":null}],"b":1}')
  fc.assert(fc.property(fc.jsonValue(), value => canonicalJson(value) === canonicalJson(shuffled(value))))
})

test('canonical text is JSON for the same document', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('different documents have different text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const same = JSON.stringify(shuffled(JSON.parse(canonicalJson(a)))) === JSON.stringify(shuffled(JSON.parse(canonicalJson(b))))
      assert.equal(canonicalJson(a) === canonicalJson(b), same)
    }),
  )
  assert.notEqual(canonicalJson({ a: 1 }), canonicalJson({ a: '1' }))
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]))
})

test('a member that is undefined is left out', () => {
  assert.equal(canonicalJson({ a: undefined, b: 1 }), '{"b":1}')
})

test('what JSON cannot hold is refused instead of being taken for something else', () => {
  for (const value of [new Date(0), new Map([[1, 2]]), Number.NaN, Number.POSITIVE_INFINITY, 1n, undefined, () => 1, [undefined]]) {
    assert.throws(() => canonicalJson({ value: value === undefined ? [value] : value }), TypeError)
  }
})
