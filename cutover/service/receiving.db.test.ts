import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Registry as Metrics } from 'prom-client'
import { aFact, Counted, countingDatabase, countLink, effectsIn, openAdding, tracesIn } from '../../tests/counting.ts'
import { freshDatabase } from '../../tests/database.ts'
import type { Broker } from '../broker/broker.ts'
import { openPostgresLog } from '../broker/postgres/log.ts'
import { toHeaders } from '../contract/headers.ts'
import type { LinkContract } from '../contract/contract.ts'
import type { Database } from '../database/database.ts'
import type { Server } from '../http/server.ts'
import { aServer, issuers } from '../http/testing.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { ConfigurationError } from '../process/environment.ts'
import { openLog } from '../process/log.ts'
import { openRegistry } from '../registry/registry.ts'
import { linkRoutes } from './link-routes.ts'
import { openMeters } from './meter.ts'
import { openPresence } from './presence.ts'
import { openReceiving, type Receiving } from './receiving.ts'
import { openStores, type Stores } from './stores.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const { signers, verifier } = await issuers()
/** Two links that share a path, as two kinds of credit do. */
const links: readonly LinkContract[] = [
  { ...countLink, from: 'hiring', to: 'bonuses' },
  { ...countLink, id: 'L-2', from: 'management', to: 'bonuses' },
]
const open: { close(): Promise<void> }[] = []
after(async () => {
  await Promise.all(open.map(one => one.close()))
})

interface Instance {
  readonly database: Database
  readonly broker: Broker
  readonly stores: Stores
  readonly receiving: Receiving
  readonly metrics: Metrics
  readonly server: Server
  /** Calls a path over a link, and answers with the status and the problem's code. */
  call(path: string, link: LinkContract, body: object, key?: string): Promise<readonly [status: number, code: string]>
}

async function anInstance(
  capabilities: readonly string[],
  from?: Pick<Instance, 'database' | 'broker'>,
  handlers: readonly string[] = ['L-1', 'L-2'],
): Promise<Instance> {
  const database = from?.database ?? (await countingDatabase())
  const broker = from?.broker ?? openPostgresLog({ url: (await freshDatabase()).url, name: 'test', log })
  if (from === undefined) open.push(database, broker)
  const stores = openStores(database)
  const metrics = new Metrics()
  const receiving = openReceiving({
    service: 'bonuses',
    instance: capabilities.join(),
    links,
    events: [Counted],
    handlers: Object.fromEntries(handlers.map(id => [id, openAdding().handler])),
    gather: undefined,
    capabilities,
    stores,
    broker,
    registry: openRegistry([Counted]),
    meters: openMeters(links, systemClock, metrics),
    log,
    clock: systemClock,
    random: systemRandom,
  })
  const server = await aServer(linkRoutes(receiving.links, receiving.doors, stores.receive), { verifier })
  return {
    database,
    broker,
    stores,
    receiving,
    metrics,
    server,
    async call(path, link, body, key) {
      const token = await signers.get(link.from)?.token({ audience: 'bonuses', link: link.id })
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      }
      const answer = await server.inject({ method: 'POST', url: path, headers, payload: body })
      return [answer.statusCode, answer.json<{ code?: string }>().code ?? '']
    },
  }
}

const [first, second] = links as [LinkContract, LinkContract]
const envelope = { payload: {}, meta: { event_id: systemRandom.uuid(), event_version: 0, event_name: 'Counted', produced_at: 'now' } }

test('a path that serves no link does not exist; one that serves another link says that this one is retired', async () => {
  const none = await anInstance([])
  for (const link of links) assert.deepEqual(await none.call('/counts', link, envelope), [404, 'not_found'])
  const one = await anInstance(['serve:L-1'])
  assert.deepEqual(await one.call('/counts', first, envelope), [400, 'idempotency_key_missing'])
  assert.deepEqual(await one.call('/counts', second, envelope, 'k'), [410, 'link_retired'])
  const { paths } = (await one.server.inject('/openapi.json')).json<{ paths: Record<string, { post?: { summary: string } }> }>()
  assert.equal(paths['/counts']?.post?.summary, 'L-1: counts')
})

test('whoever sent facts may ask what became of them, whatever this instance can do', async () => {
  const none = await anInstance([])
  assert.deepEqual(await none.call('/links/L-1/receipts', first, { facts: [] }), [200, ''])
})

test('without record or act nothing is read, and nothing counted', async () => {
  const { receiving, metrics } = await anInstance(['serve:L-1'])
  await receiving.running.start()
  await receiving.running.stop()
  assert.deepEqual(receiving.consumers(), [])
  assert.deepEqual(receiving.versions, { 'L-1': [0] })
  assert.ok(!(await metrics.metrics()).includes('link='))
})

test('a capability without a handler in this build does not start', async () => {
  await assert.rejects(
    anInstance(['act:L-2'], undefined, ['L-1']),
    (error: unknown) => error instanceof ConfigurationError && error.message.includes('L-2'),
  )
})

test('what one instance could only park, the next that can act wakes when it starts, and acts on', async () => {
  const recording = await anInstance(['record:L-1'])
  const topic = await recording.broker.createTopic(Counted.topic, 1)
  const fact = { ...aFact('a'), source: 'hiring' }
  await recording.broker.append(topic.name, [{ key: 'a', value: fact.bytes, headers: toHeaders(fact) }])
  await recording.receiving.running.start()
  await until(async () => (await tracesIn(recording.database)).parked.length > 0)
  await recording.receiving.running.stop()
  assert.deepEqual((await tracesIn(recording.database)).parked, ['capability:act:L-1'])

  const acting = await anInstance(['act:L-1'], recording)
  const declaration = { capabilities: ['act:L-1'], versions: acting.receiving.versions, build: '1', readings: {} }
  const ports = { stores: acting.stores, clock: systemClock, log }
  const presence = openPresence({ instance: 'acting', declaration: () => declaration, links, events: [], ...ports })
  await presence.start()
  assert.deepEqual(await acting.stores.consumer.instances(), [{ id: 'acting', ...declaration }])
  await acting.receiving.running.start()
  await until(async () => (await effectsIn(acting.database)).length > 0)
  await acting.receiving.running.stop()
  await presence.stop()
  assert.deepEqual(await effectsIn(acting.database), ['a:1'])
  assert.deepEqual((await tracesIn(acting.database)).parked, [])
  assert.deepEqual(await acting.stores.consumer.instances(), [])
})

test('a consumer that starts while its topic is in quarantine says so, is noted there, and reads when it is restored', async () => {
  const { broker, database, receiving } = await anInstance(['act:L-1'])
  const topic = await broker.createTopic(Counted.topic, 1)
  const fact = { ...aFact('a'), source: 'hiring' }
  await broker.append(topic.name, [{ key: 'a', value: fact.bytes, headers: toHeaders(fact) }])
  await broker.quarantineTopic(topic.name)
  await receiving.running.start()
  await until(async () => receiving.consumers()[0]?.trouble?.includes('is in quarantine since') === true)
  assert.deepEqual(
    (await broker.touches(topic.name)).map(({ who, what }) => [who, what]),
    [['test', 'fetch']],
  )
  await broker.restoreTopic(topic.name)
  await until(async () => (await effectsIn(database)).length > 0)
  await receiving.running.stop()
})

/** Looks until it is so; the runner's own limit ends it when it never is. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(10)
}
