import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Range, shareLimit } from './share.ts'

const rangesOf = (sizes: readonly number[]): Range[] =>
  sizes.map((size, partition) => ({ partition, after: 10n, until: 10n + BigInt(size) }))

/** The sizes that each partition gets, in the order of the partitions. */
const shared = (sizes: readonly number[], limit: number): number[] => {
  const shares = new Map(shareLimit(rangesOf(sizes), limit).map(one => [one.partition, Number(one.until - one.after)]))
  return sizes.map((_, partition) => shares.get(partition) ?? 0)
}

test('what one partition leaves of its share goes to the others', () => {
  const table: readonly [sizes: number[], limit: number, shares: number[]][] = [
    [[3, 4], 10, [3, 4]],
    [[100, 100], 10, [5, 5]],
    [[100, 2, 0], 10, [8, 2, 0]],
    [[1, 100, 7, 100], 20, [1, 6, 7, 6]],
    [[100, 0, 0, 0], 10, [10, 0, 0, 0]],
    [[0, 0], 10, [0, 0]],
  ]
  for (const [sizes, limit, shares] of table) assert.deepEqual(shared(sizes, limit), shares, `${sizes.join(', ')} by ${limit}`)
})

test('the limit is kept and used up, nobody gets more than there is, and nobody starves', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 64 }), fc.integer({ min: 1, max: 600 }), (sizes, limit) => {
      const shares = shared(sizes, limit)
      const total = sizes.reduce((sum, size) => sum + size, 0)
      assert.equal(
        shares.reduce((sum, size) => sum + size, 0),
        Math.min(limit, total),
      )
      shares.forEach((share, index) => assert.ok(share <= (sizes[index] ?? 0)))
      if (limit >= sizes.length) shares.forEach((share, index) => assert.equal(share > 0, sizes[index] !== 0))
    }),
  )
})
