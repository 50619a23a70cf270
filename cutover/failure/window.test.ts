import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWindow } from './window.ts'

test('it begins with one call and grows by one for each windowful that went well, up to its maximum', () => {
  const window = openWindow(4)
  const sizes: number[] = []
  for (let round = 0; round < 6; round++) {
    sizes.push(window.size())
    for (let call = window.size(); call > 0; call--) window.succeeded()
  }
  assert.deepEqual(sizes, [1, 2, 3, 4, 4, 4])
})

test('a failure halves it, and one call is always left', () => {
  const window = openWindow(16)
  for (let call = 0; call < 1_000; call++) window.succeeded()
  const sizes: number[] = []
  for (let round = 0; round < 6; round++) {
    sizes.push(window.size())
    window.failed()
  }
  assert.deepEqual(sizes, [16, 8, 4, 2, 1, 1])
})
