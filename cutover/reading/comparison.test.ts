import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aWord, idOf } from '../../tests/copying.ts'
import type { Clock } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import type { Kept } from '../replica/definition.ts'
import { behindMsMax, openComparison } from './comparison.ts'
import type { Side } from './judge.ts'
import type { Mismatch, ReadCounts, ReadingStore } from './store.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const key = idOf(1)
const at = (revision: number, text = `r${revision}`): Kept => ({ row: aWord(1, text), revision })

/** Time goes by only in sleeps, at once. */
function quickClock(): Clock {
  let nowMs = 0
  return {
    now: () => nowMs,
    async sleep(ms) {
      nowMs += ms
      await new Promise(resolve => setImmediate(resolve))
    },
  }
}

interface Told {
  readonly link: string
  readonly epoch: number
  readonly instance: string
  readonly counts: ReadCounts
  readonly mismatches: readonly Mismatch[]
}

interface Comparing {
  readonly owner: (Side | 'throws')[]
  readonly copy: Side[]
  readonly told: Told[]
  /** Counts are not taken while it is true. */
  away: boolean
  offer(by: 'http' | 'replica', answer: Side, epoch?: number): void
  /** Runs until as many reads have been counted. */
  counted(reads: number): Promise<Record<string, number>>
}

/** Each side gives its answers in turn, the last one for ever. */
function setup(sides: { owner?: (Side | 'throws')[]; copy?: Side[] } = {}): Comparing {
  const clock = quickClock()
  const told: Told[] = []
  const next = <One>(answers: One[]): One => (answers.length > 1 ? answers.shift() : answers[0]) as One
  const store = {
    async count(link, epoch, instance, counts, mismatches) {
      if (self.away) throw new Error('the database is away')
      told.push({ link, epoch, instance, counts, mismatches })
    },
  } as Partial<ReadingStore> as ReadingStore
  const comparison = openComparison({
    link: 'L-2',
    instance: 'adding-1',
    store,
    async owner() {
      const answer = next(self.owner)
      if (answer === 'throws') throw new Error('a fault')
      return answer
    },
    copy: async () => next(self.copy),
    clock,
    log,
  })
  const self: Comparing = {
    owner: sides.owner ?? [at(1)],
    copy: sides.copy ?? [at(1)],
    told,
    away: false,
    offer: (by, answer, epoch = 1) => comparison.offer({ key, epoch, by, answer, atMs: clock.now() }),
    async counted(reads) {
      const stop = new AbortController()
      const running = comparison.run(stop.signal)
      const sum = (): number => told.reduce((all, { counts }) => all + Object.values(counts).reduce((one, more) => one + more, 0), 0)
      while (sum() < reads) await new Promise(resolve => setImmediate(resolve))
      stop.abort()
      await running
      const total: Record<string, number> = {}
      for (const { counts } of told)
        for (const [name, count] of Object.entries(counts)) if (count > 0) total[name] = (total[name] ?? 0) + count
      return total
    },
  }
  return self
}

const mismatchesOf = ({ told }: Comparing): Mismatch[] => told.flatMap(({ mismatches }) => mismatches)

test('a read that both sides answer alike is equal, and nothing is kept of it', async () => {
  const comparing = setup()
  comparing.offer('http', at(1))
  comparing.offer('replica', at(1))
  assert.deepEqual([await comparing.counted(2), mismatchesOf(comparing)], [{ equal: 2 }, []])
})

test('a copy that was behind and caught up is stale, with for how long it was behind', async () => {
  const comparing = setup({ owner: [at(2)], copy: [at(1), at(1), at(1), at(2)] })
  comparing.offer('http', at(2))
  assert.deepEqual(await comparing.counted(1), { stale: 1 })
  const { lagMs, ...rest } = mismatchesOf(comparing)[0] ?? assert.fail()
  assert.deepEqual(rest, { key, verdict: 'stale', columns: ['revision', 'text', 'tags'] })
  // It was looked at after 10, 20 and 40 ms; the counting beside it lets time go by as well.
  assert.ok(lagMs !== null && lagMs >= 70, String(lagMs))
})

test('a copy that is read first, and was the older of the two, is stale when it had to catch up', async () => {
  const comparing = setup({ owner: [at(2)], copy: [at(1), at(2)] })
  comparing.offer('replica', at(1))
  assert.deepEqual(await comparing.counted(1), { stale: 1 })
})

test('an answer of the owner that was simply older than the copy is no fault of the copy', async () => {
  const changed = setup({ owner: [at(2)], copy: [at(2)] })
  changed.offer('http', at(1))
  assert.deepEqual([await changed.counted(1), mismatchesOf(changed)], [{ equal: 1 }, []])
  const made = setup({ owner: [at(1)], copy: [at(1)] })
  made.offer('http', null)
  assert.deepEqual(await made.counted(1), { equal: 1 })
})

test('a copy that still had what its owner had removed is stale, not equal', async () => {
  for (const by of ['http', 'replica'] as const) {
    const comparing = setup({ owner: [null], copy: by === 'http' ? [at(1), null] : [null] })
    comparing.offer(by, by === 'http' ? null : at(1))
    assert.deepEqual(await comparing.counted(1), { stale: 1 }, by)
  }
})

test('a copy that stays different is different, named by its columns and without a value of theirs', async () => {
  const comparing = setup({ owner: [at(1, 'secret')], copy: [at(1, 'public')] })
  comparing.offer('http', at(1, 'secret'))
  assert.deepEqual(await comparing.counted(1), { different: 1 })
  assert.deepEqual(mismatchesOf(comparing), [{ key, verdict: 'different', columns: ['text', 'tags'], lagMs: null }])
})

test('what the copy never gets is missing, what its owner never had is extra', async () => {
  const missing = setup({ owner: [at(1)], copy: [null] })
  missing.offer('http', at(1))
  assert.deepEqual(await missing.counted(1), { missing: 1 })
  const extra = setup({ owner: [null], copy: [at(1)] })
  extra.offer('replica', at(1))
  assert.deepEqual(await extra.counted(1), { extra: 1 })
})

test('a side that gives no answer is a failure at once, and so is one that throws', async () => {
  for (const owner of ['failed', 'throws'] as const) {
    const comparing = setup({ owner: [owner] })
    comparing.offer('replica', at(1))
    assert.deepEqual(await comparing.counted(1), { failed: 1 })
  }
  const later = setup({ owner: ['failed'], copy: [at(1)] })
  later.offer('http', at(2))
  assert.deepEqual(await later.counted(1), { failed: 1 })
})

test('reads beyond those that may wait are counted as skipped, and the others are all compared', async () => {
  const comparing = setup()
  for (let read = 0; read < 1_022; read++) comparing.offer('http', at(1))
  const { equal = 0, skipped = 0 } = await comparing.counted(1_022)
  // Sixteen are under way at once; a thousand wait.
  assert.deepEqual([equal, skipped], [1_016, 6])
})

test('whoever offers a read never waits, also when the other side hangs for ever', () => {
  const comparison = openComparison({
    link: 'L-2',
    instance: 'adding-1',
    store: {} as ReadingStore,
    owner: () => new Promise<never>(() => undefined),
    copy: () => new Promise<never>(() => undefined),
    clock: quickClock(),
    log,
  })
  for (let read = 0; read < 5_000; read++) assert.equal(comparison.offer({ key, epoch: 1, by: 'http', answer: at(1), atMs: 0 }), undefined)
})

test('counts and mismatches survive a database that is away for a while, each told once', async () => {
  const comparing = setup({ owner: [at(1, 'a')], copy: [at(1, 'b')] })
  comparing.away = true
  comparing.offer('http', at(1, 'a'))
  const counting = comparing.counted(2)
  for (let turn = 0; turn < 100; turn++) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(comparing.told, [])
  comparing.offer('http', at(1, 'a'))
  comparing.away = false
  assert.deepEqual([await counting, mismatchesOf(comparing).length], [{ different: 2 }, 2])
})

test('what was read under one epoch is not counted under another', async () => {
  const comparing = setup()
  comparing.offer('http', at(1), 1)
  comparing.offer('http', at(1), 2)
  await comparing.counted(2)
  assert.deepEqual(comparing.told.map(({ link, epoch, instance }) => `${link} ${epoch} ${instance}`).toSorted(), [
    'L-2 1 adding-1',
    'L-2 2 adding-1',
  ])
})

test('a copy is given half a minute to catch up, and no more', async () => {
  const comparing = setup({ owner: [at(2)], copy: [at(1)] })
  comparing.offer('http', at(2))
  await comparing.counted(1)
  assert.deepEqual([mismatchesOf(comparing)[0]?.verdict, behindMsMax], ['different', 30_000])
})
