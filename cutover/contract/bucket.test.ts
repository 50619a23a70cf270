import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketOf } from './bucket.ts'

const random = (at: number): string => bucketOf(`seed ${at}`, 0x1_0000).toString(16)
/** Keys as services make them: of ids that look random, and of numbers that follow each other. */
const families: Readonly<Record<string, readonly string[]>> = {
  'of ids': Array.from({ length: 10_000 }, (_, at) => `TaskCompleted:${random(at)}-${random(at + 20_000)}:${random(at + 40_000)}-${at}`),
  'of numbers': Array.from({ length: 10_000 }, (_, at) => `TaskCompleted:${at}`),
}

for (const [name, keys] of Object.entries(families)) {
  for (const share of [1, 5, 25, 50, 95]) {
    test(`${share} of 100 buckets hold about ${share} per cent of keys ${name}`, () => {
      const percent = (100 * keys.filter(key => bucketOf(key, 100) < share).length) / keys.length
      assert.ok(Math.abs(percent - share) < 2, `${percent} %`)
    })
  }
}

test('every key has a bucket, and always the same', () => {
  for (const key of ['', 'a', 'задача', '\u0000', 'k'.repeat(10_000)]) {
    const bucket = bucketOf(key, 100)
    assert.ok(Number.isInteger(bucket) && bucket >= 0 && bucket < 100)
    assert.equal(bucketOf(key, 100), bucket)
  }
})

test('the buckets are those of FNV-1a, which every build has to keep', () => {
  // Published values of the hash: 0x811c9dc5 for nothing, 0xe40c292c for "a", 0xbf9cf968 for "foobar".
  assert.deepEqual(
    ['', 'a', 'foobar'].map(key => bucketOf(key, 0x1_0000_0000)),
    [0x811c9dc5, 0xe40c292c, 0xbf9cf968],
  )
})
