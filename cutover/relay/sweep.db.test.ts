import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Counted, countLink } from '../../tests/counting.ts'
import { type FakeCourier, openFakeCourier, openStating, type Stating } from '../../tests/stating.ts'
import type { Broker, NewRecord } from '../broker/broker.ts'
import type { Database } from '../database/database.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { flip } from '../switch/switch.ts'
import { openSwitchStore } from '../switch/postgres.ts'
import { openRelayStore } from './postgres.ts'
import { type Open, sweepLane, sweepLimits } from './sweep.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Sweeping extends Stating {
  readonly courier: FakeCourier
  readonly published: NewRecord[]
  /** Facts without a receipt that the last look counted. */
  readonly found: Open[]
  /** Terminal-through after one pass. */
  pass(from?: bigint): Promise<bigint>
  /** Says how far the lanes that deliver have come. */
  delivered(position: number): Promise<void>
  called(): Promise<{ fact_id: string; attempts: number }[]>
}

async function setup(resendAfterMs = 60_000, carriers = ['event', 'http:L-1']): Promise<Sweeping> {
  const stating = await openStating()
  const { database } = stating
  open.push(database)
  const courier = openFakeCourier(database)
  const [published, found]: [NewRecord[], Open[]] = [[], []]
  const broker = {
    append: async (_: string, records: readonly NewRecord[]) => void published.push(...records),
  } as Partial<Broker> as Broker
  const ports = { service: 'counting', store: openRelayStore(database), courier, broker, events: [Counted], clock: systemClock }
  const heed = async (): Promise<void> => undefined
  const work = sweepLane({ ...ports, heed, carriers, limits: { ...sweepLimits, resendAfterMs }, found: open => void found.push(open) })
  return {
    ...stating,
    courier,
    published,
    found,
    pass: async (from = 0n) => (await work.begin({ term: '1', position: from })(new AbortController().signal)).position,
    async delivered(position) {
      await database.query(
        `insert into relay_lane (lane, position) values ('event', $1), ('http:L-1', $1) on conflict (lane) do update set position = $1`,
        [position],
      )
    },
    called: async () => (await database.query<{ fact_id: string; attempts: number }>('select fact_id, attempts from http_retry')).rows,
  }
}

test('terminal-through passes only facts that have receipts, and nothing that is not delivered yet', async () => {
  const { state, courier, pass, delivered, found, called, published } = await setup()
  const facts = []
  for (const key of ['a', 'b', 'c', 'd', 'e']) facts.push(await state(key))
  const [a = '', b = '', c = '', d = '', e = ''] = facts
  for (const one of [a, b, d, e]) await courier.receive(one)
  assert.equal(await pass(), 0n, 'no lane has delivered anything')
  await delivered(4)
  assert.equal(await pass(), 2n, 'the third has no receipt')
  assert.deepEqual(found.at(-1), { open: 1, carried: 0 })
  await courier.receive(c)
  assert.equal(await pass(2n), 4n, 'the fifth is not delivered')
  await delivered(5)
  assert.equal(await pass(4n), 5n)
  // Too young to be called lost: nothing was sent again.
  assert.deepEqual([await called(), published], [[], []])
})

test('a lane that is not run any more does not hold terminal-through up', async () => {
  const { database, state, courier, pass, delivered } = await setup(60_000, ['event'])
  for (const key of ['a', 'b']) await courier.receive(await state(key))
  await delivered(2)
  await database.query(`update relay_lane set position = 1 where lane = 'http:L-1'`)
  assert.equal(await pass(), 2n)
})

test('a fact that the receiver never got is sent again by its own route', async () => {
  const { database, state, courier, pass, delivered, called, published } = await setup(-1)
  const [lostCall, kept] = [await state('a'), await state('b')]
  await flip(openSwitchStore(database), { link: countLink.id, route: 'event', term: 1 }, systemClock, systemRandom)
  const [lostEvent, arrived] = [await state('c'), await state('d')]
  await courier.receive(arrived)
  await database.query(
    `insert into parked (link, fact_id, waits_for, next_at, headers, bytes) values ('L-1', $1, 'rating:1', now(), '{}', '{}')`,
    [kept],
  )
  await delivered(4)
  assert.equal(await pass(), 0n)
  assert.deepEqual(await called(), [{ fact_id: lostCall, attempts: 0 }])
  assert.deepEqual(
    published.map(record => [record.key, record.headers['cutover-fact']]),
    [['c', lostEvent]],
  )
})

test('while a copy that was sent again is on its way, no other is sent', async () => {
  const { database, state, pass, delivered, published } = await setup(60_000)
  await flip(openSwitchStore(database), { link: countLink.id, route: 'event', term: 1 }, systemClock, systemRandom)
  await state('a')
  await database.query(`update outbox set created_at = now() - interval '2 minutes'`)
  await delivered(1)
  await pass()
  await pass()
  assert.equal(published.length, 1)
})

test('a fact whose delivery is a dead letter here is open, but waits for a person: it is not called again by itself', async () => {
  const { database, state, pass, delivered, called, found } = await setup(-1)
  await state('a')
  const { rows } = await database.query('select * from outbox')
  await openRelayStore(database).bury(countLink.id, rows[0] as never, 8, 'http_500', 'a fault of its own')
  await delivered(1)
  assert.equal(await pass(), 0n)
  assert.deepEqual([await called(), found.at(-1)], [[], { open: 1, carried: 0 }])
})
