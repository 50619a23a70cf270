import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Counted, countLink } from '../../tests/counting.ts'
import { type FakeCourier, openFakeCourier, openStating, type Stating } from '../../tests/stating.ts'
import type { Broker } from '../broker/broker.ts'
import type { Database } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import { openRelayStore } from './postgres.ts'
import { sweepLane, sweepLimits } from './sweep.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Sweeping extends Stating {
  readonly courier: FakeCourier
  /** Passes of one holder, each written back; answers with where the lane stands in the database. */
  pass(times?: number): Promise<number>
  /** Another holder takes the lane. */
  begin(): Promise<void>
  /** Lets time pass. */
  later(ms: number): void
  arrive(key: string): Promise<string>
  retries(): Promise<number>
}

async function setup(): Promise<Sweeping> {
  const stating = await openStating()
  const { database } = stating
  open.push(database)
  const courier = openFakeCourier(database)
  courier.remembers = 0n
  const store = openRelayStore(database)
  let nowMs = 1_000
  const clock: Clock = { now: () => nowMs, sleep: async () => undefined }
  const broker = { append: async () => undefined } as Partial<Broker> as Broker
  const ports = { service: 'counting', store, courier, broker, events: [Counted], clock, carriers: ['event'], found: () => undefined }
  const work = sweepLane({ ...ports, heed: async () => undefined, limits: { ...sweepLimits, resendAfterMs: -1 } })
  let lease = await store.acquire(work.lane, 'one')
  assert.ok(lease !== undefined)
  let look = work.begin(lease)
  return {
    ...stating,
    courier,
    async pass(times = 1) {
      for (let at = 0; at < times; at++) {
        const { position } = await look(new AbortController().signal)
        await store.advance(work.lane, lease?.term ?? '', position)
      }
      const { rows } = await database.query<{ position: string }>('select position from relay_lane where lane = $1', [work.lane])
      return Number(rows[0]?.position)
    },
    async begin() {
      lease = await store.acquire(work.lane, 'one')
      look = work.begin(lease ?? assert.fail())
    },
    later: ms => void (nowMs += ms),
    async arrive(key) {
      const fact = await stating.state(key)
      await courier.receive(fact)
      await database.query(
        `insert into relay_lane (lane, position) select 'event', last_value from outbox_position
         on conflict (lane) do update set position = excluded.position`,
      )
      return fact
    },
    retries: () => store.retries(),
  }
}

const forget = (database: Database, fact: string): Promise<unknown> => database.query('delete from receipt where fact_id = $1', [fact])

test('the receiver is told how far it was compared: at once while the lane rests, once a second while it moves', async () => {
  const { courier, pass, arrive, later } = await setup()
  await arrive('a')
  assert.deepEqual([await pass(), courier.remembers], [1, 1n])
  await arrive('b')
  assert.deepEqual([await pass(), courier.remembers], [2, 1n])
  assert.deepEqual([await pass(), courier.remembers], [2, 2n], 'it rests')
  await arrive('c')
  later(1_000)
  assert.deepEqual([await pass(), courier.remembers], [3, 3n])
})

test('a receiver that remembers less was restored: the lane falls back to there, and what is lost is sent again', async () => {
  const { database, courier, pass, arrive, later, retries } = await setup()
  await arrive('a')
  await pass(2)
  const lost = await arrive('b')
  await pass(2)
  courier.remembers = 1n
  await forget(database, lost)
  later(5_000)
  assert.equal(await pass(), 1, 'it is asked also while nothing is stated')
  assert.deepEqual([await pass(), await retries(), courier.remembers], [1, 1, 1n])
  await courier.receive(lost)
  assert.deepEqual([await pass(2), courier.remembers], [2, 2n])
})

test('another holder of the lane finds it out by itself, whatever was told between', async () => {
  const { database, courier, pass, arrive, begin } = await setup()
  const lost = await arrive('a')
  await pass(2)
  courier.remembers = 0n
  await forget(database, lost)
  await begin()
  assert.equal(await pass(), 0)
})

test('a word that got lost is said again, and its answer is no restore', async () => {
  const { courier, pass, arrive, later } = await setup()
  await arrive('a')
  await pass(2)
  await arrive('b')
  await pass()
  // It has taken the word, and the sender never heard that.
  courier.remembers = 2n
  later(5_000)
  assert.deepEqual([await pass(2), courier.remembers], [2, 2n])
})

test('a receiver of a build that remembers nothing is told nothing, and holds nothing up', async () => {
  const { courier, pass, arrive } = await setup()
  courier.remembers = null
  await arrive('a')
  assert.deepEqual([await pass(3), courier.remembers], [1, null])
})

test('beyond what the receiver remembers the count believes no sweep', async () => {
  const { database, pass, arrive } = await setup()
  const facts = [await arrive('a'), await arrive('b')]
  await pass(2)
  const store = openRelayStore(database)
  assert.deepEqual((await store.rest(countLink.id, { route: 'http', since: 0 }, 2n)).candidates, [])
  assert.deepEqual((await store.rest(countLink.id, { route: 'http', since: 0 }, 1n)).candidates, [facts[1]])
  assert.deepEqual((await store.rest(countLink.id, { route: 'http', since: 0 }, 0n)).gone, false)
  await database.query('delete from outbox where position = 1')
  const rests = await Promise.all([0n, 1n, 2n].map(compared => store.rest(countLink.id, { route: 'http', since: 0 }, compared)))
  assert.deepEqual(
    rests.map(rest => rest.gone),
    [true, false, false],
  )
})
