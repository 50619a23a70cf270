import { nothingDirect } from '../../tests/operator-calls.ts'
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Registry as Metrics } from 'prom-client'
import { Counted, countingDatabase, countLink, effectsIn, openAdding } from '../../tests/counting.ts'
import { freshDatabase, type TestDatabase } from '../../tests/database.ts'
import { openPostgresLog } from '../broker/postgres/log.ts'
import type { Database } from '../database/database.ts'
import { openDoorbell } from '../database/doorbell.ts'
import { Problem } from '../failure/problem.ts'
import { type Server, tokenDigest } from '../http/server.ts'
import { aServer, issuers } from '../http/testing.ts'
import { defaultPartitions, ensurePartitions } from '../outbox/partitions.ts'
import type { Sender } from '../outbox/sender.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openRegistry, registerVersions } from '../registry/registry.ts'
import { flip, installSwitches, openSwitchCache } from '../switch/switch.ts'
import { linkRoutes } from './link-routes.ts'
import { openMeters } from './meter.ts'
import { operatorRoutes } from './operator.ts'
import { openReceiving } from './receiving.ts'
import { openSending } from './sending.ts'
import { openStores, type Stores } from './stores.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const { signers, verifier } = await issuers()
const links = [{ ...countLink, from: 'hiring', to: 'bonuses' }]
const events = [{ ...Counted, service: 'hiring' }]
const registry = openRegistry(events)
const ports = { links, events, registry, log, clock: systemClock, random: systemRandom }
const open: (() => Promise<void>)[] = []
after(async () => {
  for (const close of open.toReversed()) await close()
})

interface Instance {
  readonly database: Database
  readonly stores: Stores
  readonly sender: Sender
  state(key: string): Promise<string>
  start(): Promise<void>
  stop(): Promise<void>
}

interface World {
  readonly made: TestDatabase
  /** Lets the receiver be reached, or no longer. */
  reach(it: boolean): Promise<void>
  /** `key:amount` of every effect at the receiver. */
  effects(): Promise<string[]>
  /** An instance of the sending service on its database as it is now. */
  instance(): Promise<Instance>
}

async function aWorld(): Promise<World> {
  const broker = openPostgresLog({ url: (await freshDatabase()).url, name: 'test', log })
  const receiving = await countingDatabase()
  open.push(
    () => broker.close(),
    () => receiving.close(),
  )
  const there = openStores(receiving)
  const { links: own, doors } = openReceiving({
    ...ports,
    service: 'bonuses',
    instance: '1',
    handlers: { 'L-1': openAdding().handler },
    gather: undefined,
    capabilities: ['serve:L-1', 'act:L-1'],
    stores: there,
    broker,
    meters: openMeters(links, systemClock, new Metrics()),
  })
  const made = await freshDatabase()
  let receiver: Server | undefined
  let port = 0
  async function reach(it: boolean): Promise<void> {
    await receiver?.stop()
    receiver = it ? await aServer(linkRoutes(own, doors, there.receive), { verifier, port }) : undefined
    await receiver?.start()
    if (receiver !== undefined) port = Number(new URL(receiver.url).port)
  }
  await reach(true)
  open.push(() => reach(false))

  async function instance(): Promise<Instance> {
    const database = await countingDatabase(made)
    const doorbell = openDoorbell(database, log)
    const stores = openStores(database)
    await ensurePartitions(stores.outbox, defaultPartitions)
    await registerVersions(stores.registry, events)
    await installSwitches(stores.switch, 'hiring', links)
    const { sender, running } = openSending({
      outboxMax: 1_000_000,
      ...ports,
      service: 'hiring',
      instance: systemRandom.uuid(),
      capabilities: ['call:L-1'],
      stores,
      broker,
      doorbell,
      switches: await openSwitchCache(stores.switch),
      signer: signers.get('hiring') ?? assert.fail(),
      urls: { bonuses: [`http://127.0.0.1:${port}`] },
      meters: openMeters(links, systemClock, new Metrics()),
    })
    let stopped = false
    const stop = async (): Promise<void> => {
      if (stopped) return
      stopped = true
      await running.stop()
      await doorbell.close()
      await database.close()
    }
    open.push(stop)
    return {
      database,
      stores,
      sender,
      state: key => sender.transaction(async (_, record) => record(Counted, { key, amount: 1, needs: '' })),
      start: () => running.start(),
      stop,
    }
  }

  return { made, reach, effects: () => effectsIn(receiving), instance }
}

/** Moves the switch and moves it back: two epochs, and the route stays http. */
async function twoEpochs({ stores }: Instance, term = 1): Promise<void> {
  for (const shadow of [true, false]) await flip(stores.switch, { link: 'L-1', route: 'http', shadow, term }, systemClock, systemRandom)
}

const behind = (error: unknown): boolean => error instanceof Problem && error.code === 'epoch_behind'

/** A backup under epoch 1, then facts of epoch 3 that arrive, then the backup again. */
async function aRestore(): Promise<World & { readonly restore: () => Promise<void> }> {
  const world = await aWorld()
  const before = await world.instance()
  await before.state('kept')
  await before.stop()
  const restore = await world.made.backup()
  const lost = await world.instance()
  await twoEpochs(lost)
  await lost.state('lost')
  await lost.stop()
  assert.deepEqual(await world.effects(), ['kept:1', 'lost:1'])
  return { ...world, restore }
}

test('a restored database states nothing under an epoch that was given to other facts, until an operator raises it', async () => {
  const { restore, instance, effects } = await aRestore()
  await restore()
  const restored = await instance()
  const other = await instance()
  assert.equal((await restored.stores.switch.read()).epoch, 1)
  // Asked before the first request.
  await restored.start()
  for (const { state } of [restored, other]) await assert.rejects(state('new'), behind)
  await assert.rejects(twoEpochs(restored), behind, 'a flip would use the lost epochs up, one by one')
  const { stores } = restored
  const epochs = [await stores.switch.read(), await stores.switch.since('L-1')].map(one => one?.epoch)
  assert.deepEqual(epochs, [1, 1])

  const { server, token } = await anOperator(restored)
  const raise = async (body: object): Promise<{ status: number; body: Readonly<Record<string, unknown>> }> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await server.inject({ method: 'POST', url: '/operator/epoch', headers, payload: body })
    return { status: answer.statusCode, body: answer.json() }
  }
  const low = await raise({ at_least: 3, term: 7 })
  assert.deepEqual([low.status, low.body['code'], low.body['seen']], [503, 'epoch_behind', 3])
  assert.equal((await raise({ at_least: 0, term: 7 })).body['code'], 'body_invalid')
  assert.deepEqual(await raise({ at_least: 4, term: 7 }), { status: 200, body: { epoch: 4, changed: true } })
  assert.deepEqual(await raise({ at_least: 4, term: 7 }), { status: 200, body: { epoch: 4, changed: false } })
  assert.equal((await raise({ at_least: 9, term: 6 })).body['code'], 'term_stale')
  // What a link says it says anew.
  assert.equal((await stores.switch.since('L-1'))?.epoch, 4)

  for (const [{ state }, key] of [
    [restored, 'new'],
    [other, 'newer'],
  ] as const)
    await state(key)
  assert.deepEqual(await effects(), ['kept:1', 'lost:1', 'new:1', 'newer:1'])
  await twoEpochs(restored, 7)
})

test('a peer that is away blocks no start; when it is back it says what it has seen, and what was stated meanwhile arrives', async () => {
  const { restore, instance, reach, effects } = await aRestore()
  await restore()
  await reach(false)
  const restored = await instance()
  await restored.start()
  await restored.state('meanwhile')
  await reach(true)
  while ((await restored.stores.switch.read()).seen === 0) await systemClock.sleep(10)
  await assert.rejects(restored.state('new'), behind)
  while ((await effects()).length < 3) await systemClock.sleep(10)
  assert.deepEqual(await effects(), ['kept:1', 'lost:1', 'meanwhile:1'])
})

test('a process whose database is restored beneath it knows by itself', async () => {
  const { restore, instance, reach } = await aRestore()
  const running = await instance()
  await running.state('also lost')
  await reach(false)
  await restore()
  // The connections that are left fail one by one; whatever comes through is refused.
  for (;;) {
    const error = await running.state('new').then(
      () => assert.fail('stated'),
      (failure: unknown) => failure,
    )
    if (behind(error)) break
  }
  assert.deepEqual((await running.database.query('select order_key from outbox', [])).rows, [{ order_key: 'kept' }])
})

/** What an operator calls of an instance. */
async function anOperator({ stores }: Instance): Promise<{ server: Server; token: string }> {
  const routes = operatorRoutes({
    service: 'hiring',
    instance: '1',
    links,
    stores,
    switches: await openSwitchCache(stores.switch),
    readings: async () => ({}),
    audits: [],
    clock: systemClock,
    random: systemRandom,
    lanes: () => [],
    consumers: () => [],
    breakers: () => ({}),
    direct: nothingDirect,
    meters: new Map(),
    flipped: () => undefined,
  })
  const token = 'a-token-of-the-operator'
  return { server: await aServer(routes, { verifier, operatorTokenDigest: tokenDigest(token) }), token }
}
