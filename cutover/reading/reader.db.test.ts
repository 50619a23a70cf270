import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { aWord, type Copying, idOf, openCopying, telling, words } from '../../tests/copying.ts'
import { figure } from '../../tests/tables.ts'
import { Problem } from '../failure/problem.ts'
import { Unreachable } from '../http/client.ts'
import { systemClock } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openReceiveStore } from '../receive/postgres.ts'
import type { Kept } from '../replica/definition.ts'
import { Quarantined } from '../replica/store.ts'
import { openSwitchStore } from '../switch/postgres.ts'
import { openReadingStore } from './postgres.ts'
import { type OpenReader, openReader } from './reader.ts'
import type { Answers, ReadCounts, Reading, ReadingStore } from './store.ts'
import { openReadingCache, type ReadingCache, turnReading } from './switch.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const open: { close(): Promise<void> }[] = []
after(async () => {
  await Promise.all(open.map(one => one.close()))
})

interface ReadingIt extends Copying {
  readonly readings: ReadingStore
  readonly cache: ReadingCache
  readonly opened: OpenReader
  /** What the owner answers, or how. */
  owner: () => Promise<Kept | null>
  /** Who was asked, in order. */
  readonly asked: Answers[]
  turn(answers: Answers, compares?: boolean, more?: { term?: number; dryRun?: boolean }): Promise<{ reading: Reading; changed: boolean }>
}

const owned = (text: string, revision = 1): Kept => ({ row: aWord(1, text), revision })

async function setup(): Promise<ReadingIt> {
  const copying = await openCopying()
  const { database, store } = copying
  open.push(database)
  const readings = openReadingStore(database)
  await readings.install([{ link: 'L-2', answers: 'http' }])
  const cache = await openReadingCache(readings)
  const asked: Answers[] = []
  const self: ReadingIt = {
    ...copying,
    readings,
    cache,
    asked,
    owner: async () => owned('owner'),
    opened: openReader({
      definition: words,
      instance: 'adding-1',
      cache,
      readings,
      store,
      owner: { one: () => self.owner(), list: async () => [(await self.owner()) as Kept], willing: () => true },
      clock: systemClock,
      log,
      read: answers => void asked.push(answers),
    }),
    turn: (answers, compares = false, { term = 1, dryRun = false } = {}) =>
      turnReading(readings, openSwitchStore(database), { link: 'L-2', answers, compares, term, dryRun }, async () => undefined),
  }
  return self
}

const key = idOf(1)
const textOf = (kept: Kept | null | undefined): unknown => kept?.row['text']

test('a read is answered by whom the switch says: the owner, or the copy', async () => {
  const { opened, cache, turn, take, asked } = await setup()
  await take(telling(aWord(1, 'copy'), 1))
  const { reader } = opened
  assert.deepEqual([textOf(await reader.get(key)), textOf((await reader.list(null, 5))[0])], ['owner', 'owner'])
  await turn('replica')
  await cache.reload()
  assert.deepEqual(
    [textOf(await reader.get(key)), textOf((await reader.list(null, 5))[0]), await reader.get(idOf(2))],
    ['copy', 'copy', null],
  )
  assert.deepEqual(asked, ['http', 'http', 'replica', 'replica', 'replica'])
})

test('while the owner is away a read says so, and the copy is not asked instead', async () => {
  const reading = await setup()
  await reading.take(telling(aWord(1, 'copy'), 1))
  reading.owner = () => Promise.reject(new Unreachable('refused', { sent: false }))
  await assert.rejects(reading.opened.reader.get(key), Unreachable)
})

test('a decision in a transaction sees what was gathered, or the copy, and makes no call', async () => {
  const reading = await setup()
  const { database, opened, cache, turn, take } = reading
  const known = (): Promise<unknown[]> => database.transaction(async tx => [...(await opened.reader.known(tx, [key, key, idOf(2)])).keys()])
  assert.deepEqual(await known(), [])
  assert.ok(await opened.gather(key))
  reading.owner = () => Promise.reject(new Error('nobody calls here'))
  assert.deepEqual(await known(), [key])
  await turn('replica')
  await cache.reload()
  assert.deepEqual(await known(), [])
  await take(telling(aWord(2, 'copy'), 1))
  assert.deepEqual(await known(), [idOf(2)])
})

test('what is gathered is stored and ends the wait for it; while the copy answers nothing is fetched', async () => {
  const { database, opened, cache, turn } = await setup()
  const waiting = [{ message: telling(aWord(1, 'x'), 1), waitsFor: opened.reader.waitsFor(key) }]
  await database.transaction(tx => openReceiveStore(database).park(tx, 'L-9', 'event', waiting))
  await database.query(`update parked set next_at = 'infinity'`)
  assert.ok(await opened.gather(key))
  assert.equal(await figure(database, 'select count(*) from parked where next_at <= clock_timestamp()'), 1)
  await turn('replica')
  await cache.reload()
  assert.equal(await opened.gather(idOf(2)), false)
})

test('what its owner does not have is not gathered; an owner who is away is no such answer', async () => {
  const reading = await setup()
  reading.owner = async () => null
  assert.equal(await reading.opened.gather(key), false)
  reading.owner = () => Promise.reject(new Unreachable('refused', { sent: false }))
  await assert.rejects(reading.opened.gather(key), Unreachable)
})

test('an older answer that comes late does not replace what was gathered after it', async () => {
  const { database, readings } = await setup()
  await readings.gather('L-2', key, owned('new', 2))
  await readings.gather('L-2', key, owned('old', 1))
  const found = await database.transaction(tx => readings.gathered(tx, 'L-2', [key]))
  assert.deepEqual(found.get(key), owned('new', 2))
})

test('the epoch that an instance tells stays below until every read of an older one has ended', async () => {
  const reading = await setup()
  const { opened, cache, turn } = reading
  const answers: ((kept: Kept) => void)[] = []
  reading.owner = () => new Promise(resolve => void answers.push(resolve))
  const reads = [opened.reader.get(key), opened.reader.list(null, 1)]
  assert.equal(opened.epoch(), 1)
  const { reading: turned } = await turn('replica')
  assert.equal(opened.epoch(), 1, 'nobody has read the switch yet')
  await cache.reload()
  assert.deepEqual([turned.epoch, opened.epoch()], [2, 1])
  answers[0]?.(owned('late'))
  await reads[0]
  assert.equal(opened.epoch(), 1)
  answers[1]?.(owned('late'))
  await reads[1]
  assert.equal(opened.epoch(), 2)
})

test('no comparison of an older epoch reaches for the copy once the instance tells the newer one', async () => {
  const reading = await setup()
  const { database, store, opened, cache, turn } = reading
  await turn('http', true)
  await cache.reload()
  // The copy has nothing of it, so each comparison would look again for seconds; most of them wait for their turn.
  for (let read = 0; read < 40; read++) await opened.reader.get(key)
  await turn('http', false)
  await cache.reload()
  while (opened.epoch() < 3) await systemClock.sleep(5)
  await database.transaction(tx => store.quarantine(tx))
  const stop = new AbortController()
  const running = opened.comparison.run(stop.signal)
  const counted = 'select coalesce(sum(failed), 0) from read_compared'
  while ((await figure(database, counted)) < 40) await systemClock.sleep(20)
  stop.abort()
  await running
  assert.deepEqual(await store.touches(), [])
})

test('a side that hangs for ever delays no read', async () => {
  const reading = await setup()
  await reading.take(telling(aWord(1, 'copy'), 1))
  await reading.turn('replica', true)
  await reading.cache.reload()
  reading.owner = () => new Promise<never>(() => undefined)
  for (let read = 0; read < 50; read++) assert.equal(textOf(await reading.opened.reader.get(key)), 'copy')
})

test('a read that finds its source in quarantine reads the switch anew, and the row from where it says now', async () => {
  const { database, store, opened, cache, turn } = await setup()
  await turn('replica')
  await cache.reload()
  await turn('http')
  await database.transaction(tx => store.quarantine(tx))
  assert.equal(textOf(await opened.reader.get(key)), 'owner')
  assert.equal(opened.epoch(), 3)
})

test('a source that is gone while the switch still says so is an error, and no loop', async () => {
  const { database, store, opened, cache, turn } = await setup()
  await turn('replica')
  await cache.reload()
  await database.transaction(tx => store.quarantine(tx))
  await assert.rejects(opened.reader.get(key), Quarantined)
  await assert.rejects(
    database.transaction(tx => opened.reader.known(tx, [key])),
    Quarantined,
  )
  assert.equal(opened.epoch(), 2)
})

test('the switch turns once, keeps its epoch when it is told again, and a dry run leaves nothing', async () => {
  const { database, readings, turn } = await setup()
  const stands = { answers: 'http', compares: false, epoch: 1 }
  const next = { answers: 'replica', compares: true, epoch: 2 }
  assert.deepEqual(await turn('replica', true, { term: 4, dryRun: true }), { reading: next, changed: true })
  assert.deepEqual([await readings.all(), await openSwitchStore(database).term()], [{ 'L-2': stands }, 0])
  assert.deepEqual(await turn('replica', true, { term: 4 }), { reading: next, changed: true })
  assert.deepEqual(await turn('replica', true, { term: 4 }), { reading: next, changed: false })
  await assert.rejects(turn('http', false, { term: 3 }), error => error instanceof Problem && error.code === 'term_stale')
  assert.deepEqual(await readings.all(), { 'L-2': next })
})

test('what may not be turned is not turned, and a link that nobody reads here is unknown', async () => {
  const { database, readings } = await setup()
  const switches = openSwitchStore(database)
  const order = { link: 'L-2', answers: 'replica', compares: false, term: 1 } as const
  const refuse = async (): Promise<never> => {
    throw new Problem('copy_absent', { detail: 'no' })
  }
  await assert.rejects(turnReading(readings, switches, order, refuse), error => error instanceof Problem && error.code === 'copy_absent')
  // What stands already needs no leave.
  assert.equal((await turnReading(readings, switches, { ...order, answers: 'http' }, refuse)).changed, false)
  await assert.rejects(
    turnReading(readings, switches, { ...order, link: 'L-9' }, async () => undefined),
    error => error instanceof Problem && error.code === 'link_unknown',
  )
  assert.deepEqual((await readings.all())['L-2'], { answers: 'http', compares: false, epoch: 1 })
})

test('reads are counted over instances, in a row since the last that was wrong, and the lag is over those that were stale', async () => {
  const { readings } = await setup()
  const none: ReadCounts = { equal: 0, stale: 0, different: 0, missing: 0, extra: 0, failed: 0, skipped: 0 }
  const stale = [10, 20, 30].map(lagMs => ({ key, verdict: 'stale' as const, columns: ['text'], lagMs }))
  await readings.count('L-2', 1, 'one', { ...none, equal: 5, failed: 1 }, [{ key, verdict: 'failed', columns: ['owner'], lagMs: null }])
  await readings.count('L-2', 1, 'one', { ...none, equal: 7, stale: 3 }, stale)
  await readings.count('L-2', 1, 'two', { ...none, equal: 2, skipped: 9 }, [])
  const { rate, ...totals } = await readings.totals('L-2', 1)
  assert.deepEqual(totals, { ...none, equal: 14, stale: 3, failed: 1, skipped: 9, in_a_row: 12, lag_p50_ms: 20, lag_p99_ms: 29.8 })
  assert.ok(rate > 0)
  assert.equal((await readings.totals('L-2', 2)).in_a_row, 0)
  assert.equal((await readings.mismatches('L-2', 1)).length, 4)
})
