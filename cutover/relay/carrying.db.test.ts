import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Counted, countLink } from '../../tests/counting.ts'
import { crashing } from '../../tests/crashing.ts'
import { type FakeCourier, openFakeCourier, openStating, type Stating } from '../../tests/stating.ts'
import type { Broker, NewRecord } from '../broker/broker.ts'
import type { Database } from '../database/database.ts'
import { dropTerminalPartitions, ensurePartitions } from '../outbox/partitions.ts'
import { openOutboxStore } from '../outbox/postgres.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { flip } from '../switch/switch.ts'
import { openSwitchStore } from '../switch/postgres.ts'
import { openRelayStore } from './postgres.ts'
import type { RelayStore } from './store.ts'
import { type Open, type SweepLimits, sweepLane } from './sweep.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

const link = countLink.id
const rows = 4
const lanes = ['event', `http:${link}`, `sweep:${link}`]
/** Everything is old enough for everything. */
const limits: SweepLimits = { resendAfterMs: -1, carryAfterMs: -1, carriedMax: 100, carriedEveryMs: 0 }

interface Carrying extends Stating {
  readonly courier: FakeCourier
  readonly store: RelayStore
  readonly published: NewRecord[]
  /** One pass of the sweep as its holder makes it, over a database (this one), then the drop of what may be dropped. */
  sweepAndDrop(over?: Database, some?: Partial<SweepLimits>): Promise<Open | undefined>
  /** States facts, says that all of them were delivered, and which of them have arrived. */
  stated(keys: string, received: string): Promise<Readonly<Record<string, string>>>
  partitions(): Promise<number[]>
}

async function setup(): Promise<Carrying> {
  const stating = await openStating(rows)
  const { database } = stating
  open.push(database)
  const courier = openFakeCourier(database)
  const published: NewRecord[] = []
  const broker = {
    append: async (_: string, records: readonly NewRecord[]) => void published.push(...records),
  } as Partial<Broker> as Broker
  return {
    ...stating,
    courier,
    published,
    store: openRelayStore(database),
    async sweepAndDrop(over = database, some = {}) {
      const store = openRelayStore(over)
      let found: Open | undefined
      const ports = { service: 'counting', store, courier, broker, events: [Counted], clock: systemClock, heed: async () => undefined }
      const work = sweepLane({ ...ports, carriers: lanes.slice(0, 2), limits: { ...limits, ...some }, found: open => void (found = open) })
      const lease = await store.acquire(work.lane, 'one')
      assert.ok(lease !== undefined)
      const { position } = await work.begin(lease)(new AbortController().signal)
      await store.advance(work.lane, lease.term, position)
      await dropTerminalPartitions(openOutboxStore(over), lanes, { rows, ahead: 2, keepMinutes: 0 })
      return found
    },
    async stated(keys, received) {
      await ensurePartitions(openOutboxStore(database), { rows, ahead: 4, keepMinutes: 0 })
      const facts: Record<string, string> = {}
      for (const key of keys) facts[key] = await stating.state(key)
      for (const key of received) await courier.receive(facts[key] ?? '')
      await database.query(
        `insert into relay_lane (lane, position) select lane, last_value from outbox_position, unnest($1::text[]) as lane
         on conflict (lane) do update set position = excluded.position`,
        [lanes.slice(0, 2)],
      )
      return facts
    },
    partitions: async () => (await openOutboxStore(database).partitions(database)).map(range => range.from),
  }
}

/** Sets a delivery aside here, as the lane does with one that the receiver refuses for good. */
async function bury(database: Database, factId: string): Promise<void> {
  const { rows } = await database.query('select * from outbox where fact_id = $1', [factId])
  await openRelayStore(database).bury(link, rows[0] as never, 8, 'http_422', 'refused')
}

const park = (database: Database, factId: string): Promise<unknown> =>
  database.query(`insert into parked (link, fact_id, waits_for, next_at, headers, bytes) values ($1, $2, 'rating:1', now(), '{}', '{}')`, [
    link,
    factId,
  ])

const positionOf = async (database: Database, factId: string): Promise<string> =>
  (await database.query<{ position: string }>('select position from outbox where fact_id = $1', [factId])).rows[0]?.position ?? ''

const toBeCalled = (database: Database): Promise<unknown> => database.query('update http_retry set next_at = now()')

test('a dead letter and a parked fact keep no partition: they are carried over, held as before, and let go when they are terminal', async () => {
  const { database, courier, store, stated, sweepAndDrop, partitions } = await setup()
  const { b = '', e = '' } = await stated('abcdefgh', 'acdfgh')
  await bury(database, b)
  await park(database, e)
  const before = await partitions()
  assert.deepEqual(await sweepAndDrop(), { open: 2, carried: 2 })
  assert.deepEqual(await partitions(), before.slice(2))
  // Not drained, whatever the outbox still has.
  const { open, candidates, dead } = await store.rest(link, { route: 'http', since: 0 }, 1_000n)
  assert.deepEqual([(await store.statedFor(link, { route: 'http', since: 0 })).issued, open, candidates, dead], [3, 2, [b, e], [b]])
  const left = await database.query<{ fact_id: string }>('select fact_id from outbox order by position', [])
  assert.deepEqual([left.rows.length, (await store.held(link, [b, e])).toSorted()], [1, [b, e].toSorted()])
  // Nobody sends again what waits for a person, or what the receiver keeps.
  assert.equal(await store.retries(), 0)
  await courier.receive(b)
  assert.deepEqual(await sweepAndDrop(), { open: 1, carried: 1 })
  assert.deepEqual(await store.held(link, [b, e]), [e])
  await database.query('delete from parked')
  await courier.receive(e)
  assert.deepEqual(await sweepAndDrop(), { open: 0, carried: 0 })
  assert.deepEqual(await store.held(link, [b, e]), [])
})

test('a carried fact can be called again with its own bytes, and what is left of its retries goes with it', async () => {
  const { database, courier, store, stated, sweepAndDrop, partitions } = await setup()
  const { b = '' } = await stated('abcde', 'acde')
  const position = await positionOf(database, b)
  await bury(database, b)
  const { rows: stating } = await database.query<{ bytes: string }>('select bytes from outbox where fact_id = $1', [b])
  await sweepAndDrop()
  // A person says: once more. The partition that held it is gone.
  await database.query(`update dead_letter set state = 'replaying'`)
  await store.retryLater(link, [{ position, factId: b, error: 'once more' }], 0, 0)
  await toBeCalled(database)
  const [due] = await store.due(link, 10)
  assert.deepEqual([due?.fact_id, due?.position, due?.bytes], [b, position, stating[0]?.bytes])
  await stated('fghi', 'fghi')
  await sweepAndDrop()
  assert.equal((await partitions())[0], 8, 'its retry keeps no later partition either')
  await courier.receive(b)
  await sweepAndDrop()
  assert.equal(await store.retries(), 0)
})

test('a retry for a fact that is terminal and gone is not taken', async () => {
  const { database, store, stated, sweepAndDrop } = await setup()
  const { a = '' } = await stated('abcd', 'abcd')
  const position = await positionOf(database, a)
  await sweepAndDrop()
  await store.retryLater(link, [{ position, factId: a, error: 'late' }], 1, 0)
  assert.equal(await store.retries(), 0)
})

test('a carried fact that nobody has any more is sent again by its own route, and so is a lost one behind it', async () => {
  const { database, courier, store, stated, sweepAndDrop, published } = await setup()
  const { a = '' } = await stated('abcd', 'bcd')
  await park(database, a)
  await flip(openSwitchStore(database), { link, route: 'event', term: 1 }, systemClock, systemRandom)
  const { e = '', f = '' } = await stated('efgh', 'gh')
  await park(database, e)
  assert.deepEqual(await sweepAndDrop(), { open: 3, carried: 2 })
  // One look per pass sees the first stretch that differs: with what is kept carried over, that is the one with the lost fact.
  await sweepAndDrop()
  assert.deepEqual(new Set(published.map(record => record.headers['cutover-fact'])), new Set([f]))
  await courier.receive(f)
  await database.query('delete from parked')
  await sweepAndDrop()
  assert.ok(published.some(record => record.headers['cutover-fact'] === e))
  await toBeCalled(database)
  assert.deepEqual(
    (await store.due(link, 10)).map(row => row.fact_id),
    [a],
  )
})

test('many open facts are no exceptions: beyond the limit, and while they are young, the outbox keeps them', async () => {
  const { database, store, stated, sweepAndDrop, partitions } = await setup()
  const { a = '', b = '' } = await stated('abcdefgh', 'cdefgh')
  await park(database, a)
  await park(database, b)
  const before = await partitions()
  assert.deepEqual(await sweepAndDrop(database, { carriedMax: 1 }), { open: 2, carried: 0 })
  assert.deepEqual(await sweepAndDrop(database, { carryAfterMs: 60_000 }), { open: 2, carried: 0 })
  assert.deepEqual([await partitions(), await store.carriedCount(link)], [before, 0])
  assert.deepEqual(await sweepAndDrop(database, { carriedMax: 2 }), { open: 2, carried: 2 })
  assert.deepEqual(await partitions(), before.slice(2))
})

test('more carried facts than one look asks after are all looked after', async () => {
  const { database, store, stated, sweepAndDrop } = await setup()
  const { a = '' } = await stated('abcd', 'bcd')
  await park(database, a)
  await sweepAndDrop()
  const columns = 'link, fact_id, event, version, business_key, order_key, revision, stamps, publish, traceparent, bytes, created_at'
  await database.query(
    `insert into outbox_carried (position, ${columns}) select n, ${columns.replace('fact_id', 'gen_random_uuid()')}
       from outbox_carried, generate_series(10, 2009) as n`,
  )
  await database.query(
    `insert into receipt (link, fact_id, position, outcome, via) select link, fact_id, position, 'done', 'http' from outbox_carried where position >= 10`,
  )
  // A new holder each time begins with the first page: all that is terminal there is gone at its next look.
  for (let look = 0; look < 3; look++) await sweepAndDrop()
  assert.equal(await store.carriedCount(link), 1)
})

for (const when of ['before', 'after'] as const) {
  test(`a crash ${when} any statement of carrying over, dropping and letting go loses no open fact and no byte of it`, async () => {
    const { database, courier, store, stated, sweepAndDrop, partitions } = await setup()
    let crashes = 0
    for (let round = 0, at = 0; ; round++) {
      const facts = await stated('abcdefgh', 'acdfgh')
      const { b = '', e = '' } = facts
      const { rows: original } = await database.query<{ fact_id: string; bytes: string }>(
        'select fact_id, bytes from outbox where fact_id = any($1::uuid[])',
        [[b, e]],
      )
      const bytes = new Map(original.map(row => [row.fact_id, row.bytes]))
      await bury(database, b)
      await park(database, e)
      // Stops at one statement more each time, and goes on as another process would, until nothing is left to stop at.
      const held = async (ids: readonly string[], note: string): Promise<void> => {
        assert.deepEqual((await store.held(link, ids)).toSorted(), ids.toSorted(), note)
        const { rows: kept } = await database.query<{ fact_id: string; bytes: string }>(
          `select fact_id, bytes from outbox where fact_id = any($1::uuid[]) union select fact_id, bytes from outbox_carried where fact_id = any($1::uuid[])`,
          [ids],
        )
        for (const row of kept) assert.equal(row.bytes, bytes.get(row.fact_id), note)
      }
      const first = crashing(database, at, when)
      await sweepAndDrop(first.database).catch(() => undefined)
      await held([b, e], `round ${round}, carrying, crash ${when} statement ${at}`)
      await sweepAndDrop()
      await sweepAndDrop()
      await held([b, e], `round ${round}, carried after a crash ${when} statement ${at}`)
      assert.ok(
        (await partitions()).every(from => from >= (round + 1) * 8),
        'what was interrupted is done by the next',
      )
      await courier.receive(b)
      const second = crashing(database, at, when)
      await sweepAndDrop(second.database).catch(() => undefined)
      await held([e], `round ${round}, letting go, crash ${when} statement ${at}`)
      await courier.receive(e)
      await database.query('delete from parked')
      await sweepAndDrop()
      assert.deepEqual([await store.held(link, [b, e]), await store.carriedCount(link)], [[], 0])
      crashes += Number(first.crashed()) + Number(second.crashed())
      if (!first.crashed() && !second.crashed()) break
      at++
    }
    assert.ok(crashes > 20, `${crashes} crashes`)
  })
}
