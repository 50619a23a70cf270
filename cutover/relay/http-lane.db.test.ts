import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type FakeCourier, openFakeCourier, openStating, type Stating } from '../../tests/stating.ts'
import type { Database } from '../database/database.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { attemptsMax, httpLane } from './http-lane.ts'
import { type LaneStatus, type LaneWork, type Pass, runLane } from './lane.ts'
import { openRelayStore } from './postgres.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Lane extends Stating {
  readonly courier: FakeCourier
  readonly work: LaneWork
  /** One pass from a position, as the holder of the lane makes it. */
  pass(from?: bigint): Promise<Pass>
  retries(): Promise<{ fact_id: string; attempts: number }[]>
}

async function setup(): Promise<Lane> {
  const stating = await openStating()
  const { database } = stating
  open.push(database)
  const courier = openFakeCourier(database)
  const work = httpLane({
    service: 'counting',
    store: openRelayStore(database),
    courier,
    trailMs: 0,
    clock: systemClock,
    random: systemRandom,
  })
  return {
    ...stating,
    courier,
    work,
    pass: (from = 0n) => work.begin({ term: '1', position: from })(new AbortController().signal),
    retries: async () => (await database.query<{ fact_id: string; attempts: number }>('select fact_id, attempts from http_retry')).rows,
  }
}

const dueNow = (database: Database): Promise<unknown> => database.query('update http_retry set next_at = now()')

const deadIn = async (database: Database): Promise<object[]> =>
  (await database.query('select fact_id, side, code, attempts from dead_letter order by id')).rows

test('what the immediate call delivered is not called again; what it did not is', async () => {
  const { state, courier, pass, retries } = await setup()
  const [arrived, missing, other] = [await state('a'), await state('b'), await state('c')]
  await courier.receive(arrived)
  assert.equal((await pass()).position, 3n)
  assert.deepEqual(courier.calls.toSorted(), [missing, other].toSorted())
  assert.equal((await pass(3n)).position, 3n)
  assert.equal(courier.calls.length, 2)
  assert.deepEqual(await retries(), [])
})

test('what the receiver has parked is its own to bring back: no call', async () => {
  const { database, state, courier, pass } = await setup()
  const parked = await state('a')
  await database.query(
    `insert into parked (link, fact_id, waits_for, next_at, headers, bytes) values ('L-1', $1, 'rating:1', now(), '{}', '{}')`,
    [parked],
  )
  assert.equal((await pass()).position, 1n)
  assert.deepEqual(courier.calls, [])
})

test('a promise (202) ends the retries: the receiver keeps the fact', async () => {
  const { database, state, courier, pass, retries } = await setup()
  const fact = await state('a')
  courier.answers.set(fact, { kind: 'refused', final: false, code: 'odd', detail: 'not now' })
  await pass()
  courier.answers.set(fact, { kind: 'accepted' })
  await dueNow(database)
  await pass(1n)
  assert.deepEqual([courier.calls.length, await retries()], [2, []])
})

test('a receiver that is away costs no attempt and moves no position; when it is back, all arrives', async () => {
  const { database, state, courier, work, retries } = await setup()
  const facts = [await state('a'), await state('b')]
  const waiting = await state('c')
  await database.query(
    `insert into http_retry (link, position, fact_id, attempts, last_error) select 'L-1', position, fact_id, 3, 'before' from outbox where fact_id = $1`,
    [waiting],
  )
  courier.away = true
  const stop = new AbortController()
  let failed = 0
  let whileAway: ReturnType<Lane['retries']> | undefined
  const positions = new Set<string>()
  const show = (status: LaneStatus): void => {
    if (status.error === null) {
      if (status.position === '3') stop.abort()
      return
    }
    positions.add(status.position)
    assert.match(status.error, /away|answers/)
    if (++failed === 3) whileAway = retries().finally(() => (courier.away = false))
  }
  const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 20), signal) }
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  await runLane(
    work,
    { store: openRelayStore(database), holder: 'one', clock, random: systemRandom, log, rest: clock.sleep, show },
    stop.signal,
  )
  assert.deepEqual(await whileAway, [{ fact_id: waiting, attempts: 3 }])
  assert.deepEqual([...positions], ['0'])
  assert.deepEqual(courier.calls.toSorted(), [...facts, waiting].toSorted())
  assert.deepEqual([await retries(), await deadIn(database)], [[], []])
})

test('a final refusal is a dead letter at once, and the others of its run are delivered', async () => {
  const { database, state, courier, pass, retries } = await setup()
  const [bad, good] = [await state('a'), await state('b')]
  courier.answers.set(bad, { kind: 'refused', final: true, code: 'body_invalid', detail: 'the amount\u0000is wrong' })
  assert.equal((await pass()).position, 2n)
  assert.deepEqual(await deadIn(database), [{ fact_id: bad, side: 'relay', code: 'body_invalid', attempts: 1 }])
  assert.deepEqual([courier.calls.filter(call => call === good).length, await retries()], [1, []])
  const { rows } = await database.query<{ bytes: Buffer }>('select bytes from dead_letter')
  assert.match(rows[0]?.bytes.toString() ?? '', new RegExp(`"event_id":"${bad}"`))
})

test('another refusal is tried again, counted, up to the limit; then it is a dead letter', async () => {
  const { database, state, courier, pass, retries } = await setup()
  const bad = await state('a')
  courier.answers.set(bad, { kind: 'refused', final: false, code: 'http_500', detail: 'a fault\u0000of its own' })
  await pass()
  assert.deepEqual(await retries(), [{ fact_id: bad, attempts: 1 }])
  const { rows } = await database.query<{ later: boolean }>("select next_at <= now() + interval '500 ms' as later from http_retry")
  assert.equal(rows[0]?.later, true)
  for (let attempt = 2; attempt < attemptsMax; attempt++) {
    await dueNow(database)
    await pass(1n)
    assert.deepEqual(await retries(), [{ fact_id: bad, attempts: attempt }])
  }
  await dueNow(database)
  await pass(1n)
  await pass(1n)
  assert.deepEqual([courier.calls.length, await retries()], [attemptsMax, []])
  assert.deepEqual(await deadIn(database), [{ fact_id: bad, side: 'relay', code: 'http_500', attempts: attemptsMax }])
})

test('retries are a tenth of the calls: what is not paid for stays due and spends no attempt, what was lost is called again at once', async () => {
  const { database, state, courier, pass, retries } = await setup()
  for (let n = 0; n < 25; n++) courier.answers.set(await state(`k${n}`), { kind: 'refused', final: false, code: 'http_500', detail: 'no' })
  const lost = await state('lost')
  await pass()
  await database.query(
    `insert into http_retry (link, position, fact_id, attempts, last_error) select 'L-1', position, fact_id, 0, 'no receipt' from outbox where fact_id = $1`,
    [lost],
  )
  await dueNow(database)
  const before = courier.calls.length
  await pass(26n)
  const attempts = (await retries()).map(row => row.attempts)
  // Twenty were saved up, and the calls could earn no more than is saved at the most; the lost one costs nothing.
  const again = attempts.filter(count => count === 2).length
  assert.deepEqual([again, attempts.filter(count => count === 1).length], [20, 5])
  assert.equal(courier.calls.length - before, again + 1)
  assert.ok(courier.calls.slice(before).includes(lost))
  assert.deepEqual(await deadIn(database), [])
})

test('a receiver that is back is tried with one delivery, and then with as many more as it bears, up to sixteen', async () => {
  const { state, courier, pass } = await setup()
  for (let n = 0; n < 200; n++) await state(`k${n}`)
  const { deliver } = courier
  let underWay = 0
  const widths: number[] = []
  Object.assign(courier, {
    async deliver(message: Parameters<typeof deliver>[0]) {
      widths.push(++underWay)
      await new Promise(setImmediate)
      return deliver(message).finally(() => underWay--)
    },
  })
  await pass()
  assert.deepEqual([widths[0], Math.max(...widths)], [1, 16])
  assert.equal(courier.calls.length, 200)
})
