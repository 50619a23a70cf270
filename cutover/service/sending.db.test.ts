import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Registry as Metrics } from 'prom-client'
import { Counted, countingDatabase, countLink } from '../../tests/counting.ts'
import { freshDatabase } from '../../tests/database.ts'
import type { Broker } from '../broker/broker.ts'
import { openPostgresLog } from '../broker/postgres/log.ts'
import { openDoorbell } from '../database/doorbell.ts'
import { aServer, issuers } from '../http/testing.ts'
import { defaultPartitions, ensurePartitions } from '../outbox/partitions.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openRegistry, registerVersions } from '../registry/registry.ts'
import { installSwitches, openSwitchCache } from '../switch/switch.ts'
import { openMeters } from './meter.ts'
import { openSending, type Sending } from './sending.ts'
import { openStores } from './stores.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const { signers } = await issuers()
const own = { ...countLink, from: 'hiring', to: 'bonuses' }
const links = [own, { ...own, id: 'L-9', event: 'CountedAfter' }]
const counted = { ...Counted, service: 'hiring' }
const events = [counted, { ...counted, name: 'CountedAfter', topic: 'hiring.counted-after' }]
const open: { close(): Promise<void> }[] = []
after(async () => {
  await Promise.all(open.map(one => one.close()))
})

/** The sending half of an instance, with a receiver that counts calls and has nothing of what it is asked for. */
async function anInstance(
  capabilities: readonly string[],
  outboxMax = 1_000_000,
): Promise<{ sending: Sending; broker: Broker; calls: () => number; state: () => Promise<unknown> }> {
  const database = await countingDatabase()
  const broker = openPostgresLog({ url: (await freshDatabase()).url, name: 'test', log })
  const doorbell = openDoorbell(database, log)
  open.push(doorbell, database, broker)
  const stores = openStores(database)
  const registry = openRegistry(events)
  await ensurePartitions(stores.outbox, defaultPartitions)
  await registerVersions(stores.registry, events)
  await installSwitches(stores.switch, 'hiring', links)
  let calls = 0
  const receiver = await aServer([
    {
      method: 'POST',
      path: '/counts',
      operationId: 'deliver',
      summary: '',
      policy: 'public',
      body: { type: 'object', additionalProperties: true },
      async handle() {
        calls++
        return { body: { outcome: 'done' } }
      },
    },
  ])
  await receiver.start()
  open.push({ close: () => receiver.stop() })
  const signer = signers.get('hiring') ?? assert.fail()
  const sending = openSending({
    outboxMax,
    service: 'hiring',
    instance: '1',
    capabilities,
    links,
    events,
    stores,
    broker,
    doorbell,
    switches: await openSwitchCache(stores.switch),
    registry,
    signer,
    urls: { bonuses: [receiver.url] },
    meters: openMeters(links, systemClock, new Metrics()),
    log,
    clock: systemClock,
    random: systemRandom,
  })
  return {
    sending,
    broker,
    calls: () => calls,
    state: () => sending.sender.transaction(async (_, record) => record(Counted, { key: 'a', amount: 1, needs: '' })),
  }
}

const lanesOf = async ({ sending }: { sending: Sending }, count: number): Promise<string[]> => {
  await sending.running.start()
  while (sending.lanes().length < count) await systemClock.sleep(10)
  await sending.running.stop()
  return sending
    .lanes()
    .map(({ lane }) => lane)
    .toSorted()
}

test('who can call a link calls at once after the commit, and has a lane for what was not confirmed', async () => {
  const instance = await anInstance(['call:L-1'])
  await instance.state()
  assert.equal(instance.calls(), 1)
  assert.deepEqual(await lanesOf(instance, 4), ['event', 'http:L-1', 'sweep:L-1', 'sweep:L-9'])
})

test('who cannot call a link states its facts all the same, and has neither the call nor the lane', async () => {
  const instance = await anInstance([])
  await instance.state()
  assert.deepEqual(await lanesOf(instance, 3), ['event', 'sweep:L-1', 'sweep:L-9'])
  assert.equal(instance.calls(), 0)
})

test('a topic that is hidden is not made again by its sender, which is no straggler for that', async () => {
  for (const hide of ['quarantineTopic', 'deleteTopic'] as const) {
    const instance = await anInstance(['produce:L-1', 'produce:L-9'])
    const { broker } = instance
    await broker.createTopic(Counted.topic, Counted.partitions)
    await broker[hide](Counted.topic)
    await instance.sending.running.start()
    // Made after the other one would have been.
    while ((await broker.topic('hiring.counted-after')) === undefined) await systemClock.sleep(10)
    await instance.sending.running.stop()
    assert.deepEqual([await broker.topic(Counted.topic), await broker.touches(Counted.topic)], [undefined, []])
  }
})

test('who cannot produce an event does not make its topic', async () => {
  const instance = await anInstance(['produce:L-9'])
  await instance.sending.running.start()
  while ((await instance.broker.topic('hiring.counted-after')) === undefined) await systemClock.sleep(10)
  await instance.sending.running.stop()
  assert.equal(await instance.broker.topic(Counted.topic), undefined)
})

test('at the bound a transaction is refused before it begins, until the lanes have passed what was accepted', async () => {
  const { sending, state } = await anInstance([], 3)
  const refusedAt = async (): Promise<string> =>
    state().then(
      () => 'accepted',
      error => (error as { code?: string }).code ?? String(error),
    )
  assert.deepEqual([await refusedAt(), await refusedAt(), await refusedAt()], ['accepted', 'accepted', 'accepted'])
  let began = 0
  const refused = sending.sender.transaction(async () => void began++)
  await assert.rejects(refused, { code: 'capacity', status: 503 })
  assert.deepEqual([await refusedAt(), began], ['capacity', 0])
  assert.deepEqual([sending.capacity.load().depth, sending.capacity.load().level], [3, 'full'])
  await sending.running.start()
  while (sending.capacity.load().level !== 'normal') await systemClock.sleep(10)
  assert.equal(await refusedAt(), 'accepted')
  await sending.running.stop()
  assert.equal(sending.capacity.load().refused, 2)
})
