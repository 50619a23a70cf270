import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { after, test } from 'node:test'
import { freshDatabase } from '../../tests/database.ts'
import { defineEvent, topicName } from '../contract/contract.ts'
import type { LinkContract } from '../contract/contract.ts'
import { type Database, openDatabase } from '../database/database.ts'
import { installMigrations } from '../database/install.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openRegistry, registerVersions } from '../registry/registry.ts'
import { openRelayStore } from '../relay/postgres.ts'
import { OutboxReader } from '../relay/reader.ts'
import { openStores, type Stores } from '../service/stores.ts'
import { flip, installSwitches, openSwitchCache } from '../switch/switch.ts'
import { ensurePartitions } from './partitions.ts'
import { openSender, type Sender } from './sender.ts'

const document = {
  title: 'Counted',
  type: 'object',
  properties: {
    payload: { type: 'object', properties: { key: { type: 'string' }, place: { type: 'integer' } }, required: ['key', 'place'] },
    meta: {
      type: 'object',
      properties: {
        event_id: { type: 'string' },
        event_version: { enum: [0] },
        event_name: { enum: ['Counted'] },
        produced_at: { type: 'string' },
      },
      required: ['event_id', 'event_version', 'event_name', 'produced_at'],
    },
  },
  required: ['payload', 'meta'],
} as const

const Counted = defineEvent({
  name: 'Counted',
  service: 'counting',
  topic: topicName('counting', 'Counted'),
  partitions: 4,
  versions: [document],
  bounds: document,
  orderKey: payload => payload.key,
  businessKey: payload => `Counted:${payload.key}:${payload.place}`,
})

const link: LinkContract = {
  id: 'L-1',
  from: 'counting',
  to: 'reading',
  kind: 'business',
  title: 'counts',
  event: 'Counted',
  http: { method: 'POST', path: '/counts' },
  start: 'event',
  order: 'commutes',
}

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup(
  connectionsMax = 24,
): Promise<{ database: Database; stores: Stores; url: string; sender: Sender; senderAlone: () => Promise<Sender> }> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [{ name: 'cutover', folder: fileURLToPath(new URL('../sql', import.meta.url)) }])
  const stores = openStores(database)
  await ensurePartitions(stores.outbox, { rows: 1_000, ahead: 20, keepMinutes: 60 })
  await registerVersions(stores.registry, [Counted])
  await installSwitches(stores.switch, 'counting', [link])
  await database.query('create table tally (key text primary key, place integer not null default 0)')
  await database.query(`insert into tally (key) select 'k' || k from generate_series(0, 7) as k`)
  const senderAlone = async (): Promise<Sender> =>
    openSender({
      service: 'counting',
      store: stores.outbox,
      switches: await openSwitchCache(stores.switch),
      links: [link],
      registry: openRegistry([Counted]),
      clock: systemClock,
      random: systemRandom,
      deliverNow: () => undefined,
      committed: () => undefined,
    })
  return { database, stores, url, sender: await senderAlone(), senderAlone }
}

/** One more place for a key, stated in the transaction that counts it. */
const count = (sender: Sender, key: string, options: { pauseMs?: number; fails?: boolean } = {}): Promise<unknown> =>
  sender
    .transaction(async (tx, record) => {
      const { rows } = await tx.query<{ place: number }>('update tally set place = place + 1 where key = $1 returning place', [key])
      record(Counted, { key, place: rows[0]?.place ?? -1 })
      if (options.pauseMs !== undefined) await systemClock.sleep(options.pauseMs)
      if (options.fails === true) throw new Error('planned failure')
    })
    .catch((error: Error) => {
      if (error.message !== 'planned failure') throw error
    })

interface Stated {
  readonly fact_id: string
  readonly order_key: string
  readonly bytes: string
}

async function readAll(reader: OutboxReader, until: () => Promise<boolean>): Promise<Stated[]> {
  const read: Stated[] = []
  for (;;) {
    const finished = await until()
    const run = await reader.next()
    read.push(...run.rows)
    if (finished && run.rows.length === 0 && !run.blocked) return read
    if (run.rows.length === 0) await systemClock.sleep(1)
  }
}

test('with slow and aborted writers the relay misses nothing, and position order is commit order per key', async () => {
  const { database, sender } = await setup()
  let writing = true
  const writers = Promise.all(
    Array.from({ length: 16 }, async (_, writer) => {
      for (let n = 0; n < 40; n++) {
        const dice = systemRandom.next()
        await count(sender, `k${(writer + n) % 8}`, { ...(dice < 0.3 ? { pauseMs: systemRandom.next() * 10 } : {}), fails: dice > 0.92 })
      }
    }),
  ).finally(() => (writing = false))
  const read = await readAll(new OutboxReader(openRelayStore(database).published, 0n), async () => !writing)
  await writers
  const { rows: all } = await database.query<{ fact_id: string }>('select fact_id from outbox order by position', [])
  assert.deepEqual(
    read.map(row => row.fact_id),
    all.map(row => row.fact_id),
  )
  for (const [key, own] of Map.groupBy(read, row => row.order_key)) {
    const places = own.map(row => (JSON.parse(row.bytes) as { payload: { place: number } }).payload.place)
    const { rows } = await database.query<{ place: number }>('select place from tally where key = $1', [key])
    assert.deepEqual(
      places,
      Array.from({ length: rows[0]?.place ?? 0 }, (_, index) => index + 1),
      `places of ${key}`,
    )
  }
})

test('the control: a cursor by "position greater than the last" loses rows under the same writers', async () => {
  const { database, sender } = await setup()
  let writing = true
  const writers = Promise.all(
    Array.from({ length: 16 }, async (_, writer) => {
      for (let n = 0; n < 40; n++) await count(sender, `k${writer % 8}`, n % 3 === 0 ? { pauseMs: 8 } : {})
    }),
  ).finally(() => (writing = false))
  const seen = new Set<string>()
  for (let last = '0'; ;) {
    const finished = !writing
    const { rows } = await database.query<{ position: string; fact_id: string }>(
      'select position, fact_id from outbox where position > $1 order by position limit 500',
      [last],
    )
    for (const row of rows) seen.add(row.fact_id)
    last = rows.at(-1)?.position ?? last
    if (finished && rows.length === 0) break
    if (rows.length === 0) await systemClock.sleep(1)
  }
  await writers
  const { rows } = await database.query<{ count: number }>('select count(*)::int as count from outbox', [])
  assert.ok(
    seen.size < (rows[0]?.count ?? 0),
    'this reader is known to lose rows; if it did not, the writers are too tame to prove anything',
  )
})

test('an unrelated transaction that stays open does not stall the relay', async () => {
  const { database, sender } = await setup()
  const bystander = await database.connect()
  await bystander.query('begin; create table unrelated (x int); select txid_current()')
  try {
    await count(sender, 'k0')
    await count(sender, 'k1', { fails: true })
    await count(sender, 'k2')
    const reader = new OutboxReader(openRelayStore(database).published, 0n)
    const rows: string[] = []
    // Three reads: see the gap, find it dead, go on. None of them waits for the bystander.
    for (let n = 0; n < 3; n++) rows.push(...(await reader.next()).rows.map(row => row.order_key))
    assert.deepEqual(rows, ['k0', 'k2'])
  } finally {
    await bystander.end()
  }
})

test('a gap is not skipped while the transaction that drew it is open', async () => {
  const { database, sender } = await setup()
  const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>()
  const { promise: hasAppended, resolve: appended } = Promise.withResolvers<void>()
  // Draws a position as an append would, under the shared lock, and stays open.
  const slow = sender.transaction(async tx => {
    await tx.query(`select nextval('outbox_position')`)
    appended()
    await mayCommit
  })
  await hasAppended
  await count(sender, 'k1')
  const reader = new OutboxReader(openRelayStore(database).published, 0n)
  for (let n = 0; n < 5; n++) assert.deepEqual((await reader.next()).rows, [])
  commit()
  await slow
  const rows = [...(await reader.next()).rows, ...(await reader.next()).rows]
  assert.deepEqual(
    rows.map(row => row.order_key),
    ['k1'],
  )
})

test('when a flip has answered, no fact with the old stamp commits any more, and nothing that was tried is lost', async () => {
  const { database, stores, senderAlone } = await setup()
  const senders = await Promise.all([senderAlone(), senderAlone(), senderAlone()])
  let flipping = true
  let stated = 0
  const writers = Array.from({ length: 9 }, async (_, writer) => {
    let tried = 0
    for (; flipping; tried++, stated++) await count(senders[writer % 3] as Sender, `k${writer % 8}`, writer % 4 === 0 ? { pauseMs: 3 } : {})
    return tried
  })
  const fences: { epoch: number; through: bigint }[] = []
  for (let n = 1; n <= 20; n++) {
    const { epoch, changed } = await flip(
      stores.switch,
      { link: 'L-1', route: n % 2 === 1 ? 'http' : 'event', term: n },
      systemClock,
      systemRandom,
    )
    assert.equal(changed, true)
    const { rows } = await database.query<{ last: string }>('select last_value as last from outbox_position', [])
    fences.push({ epoch, through: BigInt(rows[0]?.last ?? 0) })
    // Some traffic under every epoch, or the fence separates nothing.
    for (const before = stated; stated < before + 10;) await systemClock.sleep(1)
  }
  flipping = false
  const tried = (await Promise.all(writers)).reduce((sum, one) => sum + one, 0)
  const { rows } = await database.query<{ position: string; epoch: number; route: string }>(
    `select position, (stamps -> 'L-1' ->> 'epoch')::int as epoch, stamps -> 'L-1' ->> 'route' as route from outbox order by position`,
    [],
  )
  assert.equal(rows.length, tried)
  for (const row of rows) {
    assert.equal(row.route, row.epoch % 2 === 0 ? 'http' : 'event')
    for (const fence of fences)
      if (row.epoch < fence.epoch)
        assert.ok(BigInt(row.position) <= fence.through, `a fact of epoch ${row.epoch} after the fence of ${fence.epoch}`)
  }
})

test('a flip with a term that is older than one the database has seen changes nothing', async () => {
  const { stores } = await setup()
  await flip(stores.switch, { link: 'L-1', route: 'http', term: 5 }, systemClock, systemRandom)
  await assert.rejects(flip(stores.switch, { link: 'L-1', route: 'event', term: 4 }, systemClock, systemRandom), /term 4 is older than 5/)
  const { epoch, changed } = await flip(stores.switch, { link: 'L-1', route: 'http', term: 5 }, systemClock, systemRandom)
  assert.deepEqual([epoch, changed], [2, false])
})

test('a version that is not registered and a payload that is not valid leave no business row behind', async () => {
  const { database, sender } = await setup()
  await assert.rejects(
    sender.transaction(async (tx, record) => {
      await tx.query(`update tally set place = 7 where key = 'k0'`, [])
      record(Counted, { key: 'k0', place: 'seven' as unknown as number })
    }),
    /does not match its contract/,
  )
  await database.query('delete from registered_version', [])
  await assert.rejects(count(sender, 'k0'), /is not registered/)
  const { rows } = await database.query<{ place: number }>(`select place from tally where key = 'k0'`, [])
  assert.equal(rows[0]?.place, 0)
})

test('a disk that is full is no room, not a fault: 503 `capacity`, and nothing is recorded', async () => {
  const { database, sender } = await setup(4)
  const stated = sender.transaction(async (tx, record) => {
    record(Counted, { key: 'k0', place: 1 })
    await tx.query(`do $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`)
  })
  await assert.rejects(stated, { code: 'capacity', status: 503 })
  assert.equal((await database.query('select from outbox')).rowCount, 0)
})
