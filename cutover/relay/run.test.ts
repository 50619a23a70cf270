import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { gapIsDead, nextRun } from './run.ts'

test('rows without a gap are delivered whole', () => {
  assert.deepEqual(nextRun(4n, [5n, 6n, 7n], 0n), { count: 3, position: 7n, blockedBelow: null })
})

test('a run ends before the first gap and names the highest position that was read', () => {
  assert.deepEqual(nextRun(4n, [5n, 7n, 9n], 0n), { count: 1, position: 5n, blockedBelow: 9n })
})

test('a gap is skipped only when all of it has been ruled out', () => {
  assert.deepEqual(nextRun(4n, [7n, 8n], 5n), { count: 0, position: 4n, blockedBelow: 8n })
  assert.deepEqual(nextRun(4n, [7n, 8n], 6n), { count: 2, position: 8n, blockedBelow: null })
})

test('a gap is dead when none of those who could fill it is left', () => {
  const gap = { below: 9n, holders: new Set(['3/1', '4/7']) }
  assert.equal(gapIsDead(gap, new Set(['4/7', '5/1'])), false)
  assert.equal(gapIsDead(gap, new Set(['3/2', '5/1'])), true)
})

test('whatever commits when, every row is delivered once, in order, and none that could still appear is passed', () => {
  // Writers draw positions 1..n, commit in any order or roll back; the reader reads between any two of these.
  const writer = fc.record({ commits: fc.boolean(), at: fc.nat({ max: 60 }) })
  fc.assert(
    fc.property(fc.array(writer, { minLength: 1, maxLength: 20 }), fc.array(fc.nat({ max: 60 }), { maxLength: 20 }), (writers, readAt) => {
      const all = writers.map((one, index) => ({ ...one, position: BigInt(index + 1), holder: `w${index}` }))
      const delivered: bigint[] = []
      let position = 0n
      let gap: { below: bigint; holders: ReadonlySet<string> } | null = null
      for (const now of [...readAt.toSorted((a, b) => a - b), 61, 62, 63]) {
        const open = new Set(all.filter(one => one.at >= now).map(one => one.holder))
        const rows = all.filter(one => one.commits && one.at < now && one.position > position).map(one => one.position)
        const run = nextRun(position, rows, gap !== null && gapIsDead(gap, open) ? gap.below : 0n)
        delivered.push(...rows.slice(0, run.count))
        position = run.position
        gap = run.blockedBelow === null ? null : { below: run.blockedBelow, holders: open }
      }
      assert.deepEqual(
        delivered,
        all.filter(one => one.commits).map(one => one.position),
      )
    }),
  )
})
