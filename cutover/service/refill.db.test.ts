import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Registry as Metrics } from 'prom-client'
import { Counted, countingDatabase, countLink, effectsIn, openAdding } from '../../tests/counting.ts'
import { freshDatabase } from '../../tests/database.ts'
import { operate, type Operating } from '../../tests/operator-calls.ts'
import { type Broker, partitionOf } from '../broker/broker.ts'
import { openPostgresLog } from '../broker/postgres/log.ts'
import { type Database, openDatabase } from '../database/database.ts'
import { openDoorbell } from '../database/doorbell.ts'
import { aServer, issuers } from '../http/testing.ts'
import { defaultPartitions, ensurePartitions } from '../outbox/partitions.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import { openRegistry, registerVersions } from '../registry/registry.ts'
import { installSwitches, openSwitchCache } from '../switch/switch.ts'
import { refillRoutes } from './refill-routes.ts'
import { linkRoutes } from './link-routes.ts'
import { openMeters } from './meter.ts'
import { openReceiving, type Receiving } from './receiving.ts'
import { openSending } from './sending.ts'
import { openStores } from './stores.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const { signers, verifier } = await issuers()
const links = [{ ...countLink, from: 'hiring', to: 'bonuses', start: 'event' as const }]
const event = { ...Counted, service: 'hiring', partitions: 2 }
const events = [event]
const registry = openRegistry(events)
const ports = { links, events, registry, log, clock: systemClock, random: systemRandom }
const open: (() => Promise<void>)[] = []
after(async () => {
  for (const close of open.toReversed()) await close()
})

interface World {
  readonly logDatabase: Database
  readonly broker: Broker
  readonly sending: Database
  readonly receiving: Database
  readonly operator: Operating
  readonly relay: Running
  reader(): Receiving
  /** States facts under these keys; resolves when the log has them. */
  state(keys: readonly string[]): Promise<void>
  /** Waits until these keys have had their effect, and nothing else. */
  arrived(keys: readonly string[]): Promise<void>
  gaps(): Promise<readonly object[]>
}

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await systemClock.sleep(10)
}
const named = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `k${from + n}`)

async function aWorld(): Promise<World> {
  const { url } = await freshDatabase()
  const broker = openPostgresLog({ url, name: 'test', log })
  const logDatabase = openDatabase({ url, name: 'harm', connectionsMax: 2, onIdleError: () => undefined })
  const [receiving, sending] = [await countingDatabase(), await countingDatabase()]
  const doorbell = openDoorbell(sending, log)
  open.push(
    () => broker.close(),
    () => logDatabase.close(),
    () => receiving.close(),
    () => sending.close(),
    () => doorbell.close(),
  )
  const there = openStores(receiving)
  const reader = (): Receiving => {
    const made = openReceiving({
      ...ports,
      service: 'bonuses',
      instance: '1',
      handlers: { 'L-1': openAdding().handler },
      gather: undefined,
      capabilities: ['act:L-1', 'record:L-1'],
      stores: there,
      broker,
      meters: openMeters(links, systemClock, new Metrics()),
    })
    open.push(() => made.running.stop())
    return made
  }
  const server = await aServer(linkRoutes(links, new Map(), there.receive, undefined, there.consumer), { verifier })
  await server.start()
  open.push(() => server.stop())
  const stores = openStores(sending)
  await ensurePartitions(stores.outbox, defaultPartitions)
  await registerVersions(stores.registry, events)
  await installSwitches(stores.switch, 'hiring', links)
  const { sender, running, countRefill } = openSending({
    ...ports,
    outboxMax: 1_000_000,
    service: 'hiring',
    instance: '1',
    capabilities: ['produce:L-1'],
    stores,
    broker,
    doorbell,
    switches: await openSwitchCache(stores.switch),
    signer: signers.get('hiring') ?? assert.fail(),
    urls: { bonuses: [server.url] },
    meters: openMeters(links, systemClock, new Metrics()),
  })
  await broker.createTopic(event.topic, event.partitions)
  await running.start()
  open.push(() => running.stop())
  const operator = await operate(refillRoutes({ ...ports, service: 'hiring', sources: [], stores, countRefill, flipped: () => undefined }))
  return {
    logDatabase,
    broker,
    sending,
    receiving,
    operator,
    relay: running,
    reader,
    async state(keys) {
      for (const key of keys) await sender.transaction(async (_, record) => record(event, { key, amount: 1, needs: '' }))
      await until(async () => {
        const { rows } = await sending.query<{ told: boolean }>(
          `select position >= (select max(position) from outbox) as told from relay_lane where lane = 'event'`,
        )
        return rows[0]?.told === true
      })
    },
    arrived: keys => until(async () => (await effectsIn(receiving)).length >= keys.length),
    async gaps() {
      const { rows } = await receiving.query<{
        partition: number
        wanted: string
        start: string
        end: string
        resume: string
        over: boolean
      }>(
        `select partition, wanted, log_start as start, log_end as end, resume, refilled_at <= resolved_at as over from data_gap order by id`,
      )
      return rows
    },
  }
}

/** What befalls the log while its reader sleeps, and what the reader finds then in each partition that is concerned. */
const harms: readonly { readonly name: string; readonly harm: (world: World) => Promise<unknown>; readonly gaps: number }[] = [
  {
    name: 'the records of a partition are gone, and its bounds say nothing of it',
    harm: ({ logDatabase }) =>
      logDatabase.query('delete from record using topic_partition p where p.id = partition_id and p.partition = 0'),
    gaps: 1,
  },
  {
    name: 'both partitions begin behind what was not read, as after a sleep longer than the retention',
    harm: ({ logDatabase }) => logDatabase.query('with gone as (delete from record) update topic_partition set start_offset = next_offset'),
    gaps: 2,
  },
  {
    name: 'a partition has lost its end, and gives its offsets again',
    harm: ({ logDatabase }) =>
      logDatabase.query(
        `with gone as (delete from record using topic_partition p where p.id = partition_id and p.partition = 1)
         update topic_partition set start_offset = 0, next_offset = 0 where partition = 1`,
      ),
    gaps: 1,
  },
]

/** Every fact has a receipt and one effect; nothing has come that was not stated. */
async function assertExact({ sending, receiving }: World, keys: readonly string[]): Promise<void> {
  assert.deepEqual((await effectsIn(receiving)).toSorted(), keys.map(key => `${key}:1`).toSorted())
  const ids = async (database: Database, table: string): Promise<string[]> =>
    (await database.query<{ id: string }>(`select fact_id::text as id from ${table} order by 1`)).rows.map(row => row.id)
  assert.deepEqual(await ids(receiving, 'receipt'), await ids(sending, 'outbox'))
}

for (const { name, harm, gaps } of harms) {
  test(`${name}: the partition stops, is refilled, and goes on; nothing is lost and nothing doubled`, async () => {
    const world = await aWorld()
    const [read, onTheirWay, later] = [named(0, 20), named(20, 60), named(60, 70)]
    const first = world.reader()
    await first.running.start()
    await world.state(read)
    await world.arrived(read)
    await first.running.stop()
    await world.state(onTheirWay)
    await harm(world)
    const again = world.reader()
    await again.running.start()
    await world.arrived([...read, ...onTheirWay])
    await world.state(later)
    const all = [...read, ...onTheirWay, ...later]
    await world.arrived(all)
    await until(async () => again.consumers().every(one => one.trouble === null))
    await again.running.stop()
    await assertExact(world, all)
    const found = (await world.gaps()) as { over: boolean }[]
    assert.equal(found.length, gaps)
    // First everything was sent again, then the position was set.
    assert.ok(found.every(one => one.over))
  })
}

test('a topic that was made anew is read from its start, and what was on its way in the old one is sent again', async () => {
  const world = await aWorld()
  const [read, onTheirWay] = [named(0, 20), named(20, 50)]
  const reader = world.reader()
  await reader.running.start()
  await world.state(read)
  await world.arrived(read)
  await reader.running.stop()
  await world.state(onTheirWay)
  await world.broker.deleteTopic(event.topic)
  const { id } = await world.broker.reviveTopic(event.topic, event.partitions)
  const again = world.reader()
  await again.running.start()
  await world.arrived([...read, ...onTheirWay])
  await again.running.stop()
  await assertExact(world, [...read, ...onTheirWay])
  const asked = async (): Promise<readonly object[]> =>
    (await world.receiving.query('select topic_id as topic, refilled_at is not null as asked from data_gap')).rows
  await until(async () => (await asked()).some(one => 'asked' in one && one.asked === true))
  assert.deepEqual(await asked(), [{ topic: id, asked: true }])
  // The same topic, read once more by an instance that starts: nothing is asked for again.
  const third = world.reader()
  await third.running.start()
  await world.state(['k99'])
  await world.arrived([...read, ...onTheirWay, 'k99'])
  assert.equal((await world.gaps()).length, 1)
})

test('a partition that is emptied again and again while facts are stated and read loses none of them', async () => {
  const world = await aWorld()
  const reader = world.reader()
  await reader.running.start()
  const keys = named(0, 200)
  // (Offsets that are given again before the reader looks cannot be told apart: those facts the sweep sends again, later.)
  for (let from = 0; from < keys.length; from += 20) {
    await world.state(keys.slice(from, from + 20))
    await harms[(from / 20) % 2]?.harm(world)
  }
  await world.arrived(keys)
  await until(async () => reader.consumers().every(one => one.trouble === null))
  await reader.running.stop()
  await assertExact(world, keys)
})

test('while its sender is away a partition with a gap stays where it is and says so; the others are read', async () => {
  const world = await aWorld()
  const keys = named(0, 40)
  await world.state(keys)
  await world.relay.stop()
  await harms[0]?.harm(world)
  const reader = world.reader()
  await reader.running.start()
  const others = keys.filter(key => partitionOf(key, 2) === 1)
  await world.arrived(others)
  await until(async () => reader.consumers().some(one => one.trouble?.startsWith('data_gap: the log lacks what 1 of')))
  const [status] = reader.consumers()
  const stopped = status?.partitions.find(one => one.partition === 0)
  const end = String(keys.length - others.length)
  assert.deepEqual(stopped, { partition: 0, position: '0', data_gap: { wanted: '0', start: '0', end } })
  assert.deepEqual(await openStores(world.receiving).consumer.stopped(), { 'L-1': 1 })
  assert.deepEqual((await effectsIn(world.receiving)).toSorted(), others.map(key => `${key}:1`).toSorted())
  await world.relay.start()
  await world.arrived(keys)
  assert.deepEqual(await openStores(world.receiving).consumer.stopped(), {})
})

test('by hand it counts first, then sends again what is not terminal, once; again it finds nothing to do', async () => {
  const world = await aWorld()
  const keys = named(0, 30)
  await world.state(keys)
  const order = (more: object = {}) => world.operator.post('/operator/refills', { link: 'L-1', term: 1, ...more })
  const counted = await order({ dry_run: true })
  assert.deepEqual(counted.body, { link: 'L-1', dry_run: true, looked: 30, open: 30, kept: 0, more: false })
  assert.equal((await world.operator.get('/operator/refills/L-1')).body['state'], 'none')
  const asked = await order()
  assert.deepEqual([asked.status, asked.body['state'], asked.body['number']], [200, 'under_way', 1])
  const done = async () => {
    await until(async () => (await world.operator.get('/operator/refills/L-1')).body['state'] === 'done')
    const { number, looked, sent, asked_by: by } = (await world.operator.get('/operator/refills/L-1')).body
    return [number, looked, sent, by]
  }
  assert.deepEqual(await done(), [1, 30, 30, 'operator'])
  const reader = world.reader()
  await reader.running.start()
  await world.arrived(keys)
  await until(async () => (await order({ dry_run: true })).body['open'] === 0)
  await order()
  const [number, , sent] = await done()
  assert.deepEqual([number, sent], [2, 0])
  await reader.running.stop()
  await assertExact(world, keys)
  const refused = await world.operator.post('/operator/refills', { link: 'L-9', term: 1 })
  assert.deepEqual([refused.status, refused.body['code']], [404, 'link_unknown'])
  assert.equal((await order({ term: 0 })).body['code'], 'term_stale')
})
