import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../failure/problem.ts'
import { openLog } from '../process/log.ts'
import { type Capacity, levelOf, openCapacity } from './capacity.ts'
import type { Extent } from './store.ts'

interface Paper {
  readonly capacity: Capacity
  readonly extent: { drawn: number; passed: Record<string, number>; retries: number }
  /** Own facts beyond a position, as counting would find them; how often it was asked. */
  readonly own: Record<string, number>
  readonly counts: string[]
  readonly clock: { nowMs: number; countTakesMs: number }
  readonly disk: { used: number }
}

function onPaper(bound: number, looksAtDisk = false): Paper {
  const extent: Paper['extent'] = { drawn: 0, passed: { event: 0, 'http:L-1': 0 }, retries: 0 }
  const own: Record<string, number> = {}
  const counts: string[] = []
  const clock = { nowMs: 0, countTakesMs: 0 }
  const disk = { used: 0.5 }
  const capacity = openCapacity({
    store: {
      extent: async (): Promise<Extent> => extent,
      async count({ lane }) {
        counts.push(lane)
        clock.nowMs += clock.countTakesMs
        return own[lane] ?? 0
      },
      waiting: async () => [],
      retries: async () => [],
      setAside: async () => [],
    },
    carriers: [
      { lane: 'event', link: null },
      { lane: 'http:L-1', link: 'L-1' },
    ],
    bound,
    diskUsed: looksAtDisk ? async () => disk.used : undefined,
    clock: { now: () => clock.nowMs, sleep: async () => undefined },
    log: openLog({ service: 'test', instance: '1', level: 'fatal' }),
  })
  return { capacity, extent, own, counts, clock, disk }
}

const isCapacity = (error: unknown): boolean =>
  error instanceof Problem && error.code === 'capacity' && error.status === 503 && error.retryable

test('the slowest lane makes the depth, and what waits for its next try is added; far from the bound nothing is counted', async () => {
  const { capacity, extent, counts } = onPaper(1_000)
  Object.assign(extent, { drawn: 500, passed: { event: 490, 'http:L-1': 100 }, retries: 7 })
  await capacity.measure()
  assert.deepEqual(capacity.load(), { depth: 407, bound: 1_000, disk: null, level: 'normal', refused: 0 })
  assert.deepEqual(counts, [])
})

test('a lane that only has the facts of others before it fills nothing: near the bound its own are counted', async () => {
  const { capacity, extent, own, counts } = onPaper(1_000)
  Object.assign(extent, { drawn: 1_000_000, passed: { event: 1_000_000, 'http:L-1': 0 } })
  own['http:L-1'] = 3
  await capacity.measure()
  assert.deepEqual([capacity.load().depth, counts], [3, ['http:L-1']])
  capacity.admit()
})

test('counting takes a twentieth of the time at the most; until then all that was drawn since is taken for its own', async () => {
  const { capacity, extent, own, counts, clock } = onPaper(1_000)
  clock.countTakesMs = 100
  extent.drawn = 5_000
  extent.passed['event'] = 5_000
  own['http:L-1'] = 850
  await capacity.measure()
  extent.drawn = extent.passed['event'] = 5_120
  clock.nowMs += 1_999
  await capacity.measure()
  assert.deepEqual([capacity.load().depth, counts.length], [970, 1])
  clock.nowMs += 1
  own['http:L-1'] = 900
  await capacity.measure()
  assert.deepEqual([capacity.load().depth, counts.length], [900, 2])
})

test('at the bound a transaction is refused with 503 before it begins, and again until a tenth of the room is back', async () => {
  const { capacity, extent, own } = onPaper(1_000)
  const at = async (facts: number): Promise<string> => {
    extent.drawn = facts
    extent.passed['event'] = facts
    own['http:L-1'] = facts
    await capacity.measure()
    return capacity.load().level
  }
  assert.equal(await at(799), 'normal')
  assert.equal(await at(800), 'warning')
  assert.equal(await at(999), 'warning')
  capacity.admit()
  assert.equal(await at(1_000), 'full')
  assert.throws(() => capacity.admit(), isCapacity)
  assert.throws(() => capacity.admit(), /1000 facts wait to be delivered, and the bound \(OUTBOX_MAX\) is 1000; nothing was recorded/)
  assert.equal(await at(900), 'full')
  assert.throws(() => capacity.admit(), isCapacity)
  assert.equal(await at(899), 'warning')
  capacity.admit()
  assert.equal(capacity.load().refused, 3)
})

test('what this instance commits counts at once, not only with the next measure', async () => {
  const { capacity } = onPaper(10)
  await capacity.measure()
  capacity.stated(9)
  capacity.admit()
  capacity.stated(1)
  assert.throws(() => capacity.admit(), isCapacity)
})

test('a disk that is 95 % full takes no more facts, and says so', async () => {
  const { capacity, disk } = onPaper(1_000, true)
  disk.used = 0.94
  await capacity.measure()
  capacity.admit()
  disk.used = 0.951
  await capacity.measure()
  assert.throws(() => capacity.admit(), /the disk under the database is 95 % full; nothing was recorded/)
  disk.used = 0.94
  await capacity.measure()
  capacity.admit()
})

test('whatever comes before, at the bound it is full and below four fifths it is normal', () => {
  for (const before of ['normal', 'warning', 'full'] as const) {
    assert.equal(levelOf(before, { depth: 100, bound: 100, disk: null }), 'full')
    assert.equal(levelOf(before, { depth: 79, bound: 100, disk: null }), 'normal')
    assert.equal(levelOf(before, { depth: 0, bound: 100, disk: 0.95 }), 'full')
  }
})
