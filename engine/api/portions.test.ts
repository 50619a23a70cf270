import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPortions, parsePortions, portionsError } from './portions.ts'

test('portions rise, each from 1 to 99 per cent, and are five at most', () => {
  for (const fine of [[], [1], [99], [5, 25], [1, 2, 3, 4, 5]]) assert.equal(portionsError(fine), null)
})

test('what cannot be meant is told with the number that is wrong', () => {
  const wrong: readonly (readonly [portions: readonly number[], says: RegExp])[] = [
    [[0], /and 0 is none/],
    [[5, 100], /and 100 is none/],
    [[101], /and 101 is none/],
    [[2.5], /and 2\.5 is none/],
    [[-5], /and -5 is none/],
    [[Number.NaN], /and NaN is none/],
    [[5, 5], /rise .* 5 does not/],
    [[25, 5], /rise .* 5 does not/],
    [[1, 2, 3, 4, 5, 6], /5 portions at most, and these are 6/],
  ]
  for (const [portions, says] of wrong) assert.match(portionsError(portions) ?? '', says)
})

test('portions are written as they are read', () => {
  assert.deepEqual(parsePortions('5,25'), [5, 25])
  assert.equal(formatPortions(parsePortions('5,25')), '5,25')
  for (const text of ['', '5,', ',5', '5;25', '5 ,25', 'x', '1e1', '0x5', '5.5', '-5'])
    assert.notEqual(portionsError(parsePortions(text)), null, text)
})
