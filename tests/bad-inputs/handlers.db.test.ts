// Section 8.4 of the catalogue: what handlers do wrong, and versions of one fact, over the real log.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Broker } from '../../cutover/broker/broker.ts'
import { openPostgresLog } from '../../cutover/broker/postgres/log.ts'
import { runConsumer } from '../../cutover/consumer/consumer.ts'
import { openConsumerStore } from '../../cutover/consumer/postgres.ts'
import { openShares } from '../../cutover/consumer/shares.ts'
import type { ConsumerStatus } from '../../cutover/consumer/status.ts'
import { defineEvent } from '../../cutover/contract/contract.ts'
import { toHeaders } from '../../cutover/contract/headers.ts'
import type { Message } from '../../cutover/contract/message.ts'
import type { Database, Tx } from '../../cutover/database/database.ts'
import { type Clock, systemClock, systemRandom } from '../../cutover/process/clock.ts'
import { openLog } from '../../cutover/process/log.ts'
import type { Handler } from '../../cutover/receive/handler.ts'
import { handlerMs } from '../../cutover/receive/limit.ts'
import { runParked } from '../../cutover/receive/parked.ts'
import { openReceiveStore } from '../../cutover/receive/postgres.ts'
import { openReceiver, type Receiver } from '../../cutover/receive/receiver.ts'
import { openRegistry } from '../../cutover/registry/registry.ts'
import { type Adding, aFact, Counted, countingDatabase, countLink, effectsIn, openAdding, tracesIn } from '../counting.ts'
import { freshDatabase } from '../database.ts'
import { figure } from '../tables.ts'
import { complete } from './catalogue.ts'
import { until } from './people.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const open: { close(): Promise<void> }[] = []
after(async () => {
  await Promise.all(open.map(one => one.close()))
})

/** The same event with a second version, which differs in its number only. */
const [v0] = Counted.versions
const v1 = {
  ...v0,
  properties: {
    ...v0.properties,
    meta: { ...v0.properties.meta, properties: { ...v0.properties.meta.properties, event_version: { enum: [1] } } },
  },
} as unknown as typeof v0
const CountedTwice = defineEvent({ ...Counted, versions: [v0, v1], lenses: [{ up: one => one, down: one => one }], bounds: Counted.bounds })

/** Waits are as long as they should be in order, but short; what a handler may take is left as it is. */
const hasty: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(ms === handlerMs ? ms : Math.min(ms, 2), signal) }

interface Consuming extends Adding {
  readonly database: Database
  readonly urls: { readonly database: string; readonly log: string }
  readonly broker: Broker
  readonly topicId: string
  publish(...messages: readonly Message[]): Promise<void>
  receiver(more?: { handler?: Partial<Handler>; versions?: readonly number[]; clock?: Clock }): Receiver
  /** Consumes until the position is reached. */
  consume(position: number, receiver?: Receiver): Promise<void>
}

async function setup(): Promise<Consuming> {
  const urls = { database: (await freshDatabase()).url, log: (await freshDatabase()).url }
  const database = await countingDatabase({ url: urls.database })
  const broker = openPostgresLog({ url: urls.log, name: 'test', log })
  open.push(database, broker)
  const topic = await broker.createTopic(Counted.topic, 1)
  const adding = openAdding()
  const registry = openRegistry([CountedTwice])
  const receiver: Consuming['receiver'] = ({ handler = {}, versions = [0], clock = hasty } = {}) =>
    openReceiver(
      countLink,
      { ...(adding.handler as Handler), ...handler },
      registry,
      openReceiveStore(database),
      ['http', 'event'],
      versions,
      clock,
    )
  return {
    ...adding,
    database,
    urls,
    broker,
    topicId: topic.id,
    publish: (...messages) =>
      broker.append(
        topic.name,
        messages.map(message => ({ key: message.orderKey, value: message.bytes, headers: toHeaders(message) })),
      ),
    receiver,
    async consume(position, own = receiver()) {
      const stop = new AbortController()
      const store = openConsumerStore(database)
      const shares = openShares(store, { consumer: 'adding.L-1', topicId: topic.id, holder: 'one' }, 1)
      const show = ({ partitions }: ConsumerStatus): void => {
        if (partitions[0]?.position === String(position)) stop.abort()
      }
      const ports = { broker, store, shares, clock: hasty, random: systemRandom, log }
      await runConsumer({ ...ports, topic: topic.name, receiver: own, show, received: () => undefined }, stop.signal)
    },
  }
}

interface Letter {
  readonly code: string
  readonly attempts: number
  readonly error: string
  readonly fact_id: string
  readonly bytes: Buffer
}
const lettersIn = async (database: Database): Promise<Letter[]> =>
  (await database.query<Letter>('select code, attempts, error, fact_id, bytes from dead_letter order by id')).rows

test('row 57: two event ids of one fact, the one v0 and the other v1, are one effect, and the second is a duplicate', async () => {
  const { database, publish, consume, receiver } = await setup()
  await publish(aFact('a'), aFact('a', { version: 1 }), aFact('b', { version: 1 }), aFact('b'))
  await consume(4, receiver({ versions: [0, 1] }))
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1'])
  const { receipts, dead, parked } = await tracesIn(database)
  assert.deepEqual([receipts.toSorted(), dead, parked], [['done', 'done', 'duplicate', 'duplicate'], [], []])
})

test('row 66: v1 at a consumer of v0 is parked, others of its key go on, and the upgrade takes it', async () => {
  const { database, publish, consume, receiver } = await setup()
  const [ahead, other] = [aFact('a', { version: 1 }), { ...aFact('b'), orderKey: 'b' }]
  await publish(ahead, other)
  await consume(2)
  // The key is not held: what commutes needs no order, and no link is marked as ordered.
  assert.deepEqual(await effectsIn(database), ['b:1'])
  // What it waits for is a deployment that handles the version; that it is ahead, the version says.
  assert.deepEqual((await tracesIn(database)).parked, ['version:Counted:1'])
  const upgraded = receiver({ versions: [0, 1] })
  const stop = new AbortController()
  const ports = { store: openReceiveStore(database), gather: undefined, clock: hasty, log, received: () => undefined }
  await database.query('update parked set next_at = now()')
  const running = runParked({ ...ports, receivers: new Map([['L-1', upgraded]]) }, stop.signal)
  await until(async () => (await effectsIn(database)).length === 2)
  stop.abort()
  await running
  assert.deepEqual(await tracesIn(database), { receipts: ['done', 'done'], parked: [], dead: [], recorded: 0 })
})

test('row 67: v0 where everything is v1 by now is brought there by the lens, and acted on', async () => {
  // Every version has a lens to the next, or the registry does not open: so none is ever dead as retired. A certificate of a
  // version, which a stray would revoke, there is not yet.
  const { database, publish, consume, receiver } = await setup()
  await publish(aFact('b', { version: 1 }), aFact('a'))
  await consume(2, receiver({ versions: [0, 1] }))
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1'])
  assert.deepEqual((await tracesIn(database)).dead, [])
})

test('row 72: a message whose handler always throws is tried five times and set aside, and other keys go on', async () => {
  const { database, publish, consume, poisonous, applied } = await setup()
  poisonous.add('bad')
  const bad = aFact('bad')
  await publish(aFact('a'), bad, aFact('b'))
  await consume(3)
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1'])
  const [letter, ...more] = await lettersIn(database)
  assert.deepEqual([letter?.code, letter?.attempts, letter?.bytes.toString(), more], ['handler_error', 5, bad.bytes, []])
  assert.equal(applied.filter(keys => keys.length === 1 && keys[0] === 'bad').length, 5)
})

test('row 73: a handler that hangs is cut off, which counts as a try, and what it does later has no effect', async () => {
  const { database, publish, consume, receiver, handler } = await setup()
  const released = Promise.withResolvers<void>()
  const late: Promise<unknown>[] = []
  let hanging = Promise.withResolvers<void>()
  async function apply(effects: Parameters<Handler['apply']>[0], tx: Tx): ReturnType<Handler['apply']> {
    const all = effects as Parameters<typeof handler.apply>[0]
    if (all.every(one => one.message.envelope.payload.key !== 'slow')) return handler.apply(effects as never, tx)
    hanging.resolve()
    await released.promise
    const applying = handler.apply(effects as never, tx)
    late.push(applying.catch((error: unknown) => error))
    return applying
  }
  // The limit is over as soon as the handler hangs: 30 seconds are not waited for.
  const limits: number[] = []
  const clock: Clock = {
    now: systemClock.now,
    async sleep(ms, signal) {
      limits.push(ms)
      const ended = new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve(), { once: true }))
      await Promise.race([ended, hanging.promise])
      hanging = Promise.withResolvers()
    },
  }
  const slow = aFact('slow')
  await publish(slow, aFact('a'))
  await consume(2, receiver({ handler: { apply }, clock }))
  assert.deepEqual(await effectsIn(database), ['a:1'])
  const [letter, ...more] = await lettersIn(database)
  assert.deepEqual([letter?.code, letter?.attempts, letter?.bytes.toString(), more], ['handler_error', 5, slow.bytes, []])
  assert.match(letter?.error ?? '', /the handler did not end within 30 seconds/)
  assert.ok(limits.every(ms => ms === handlerMs))
  released.resolve()
  await until(async () => late.length > 0)
  assert.deepEqual([...new Set((await Promise.all(late)).map(String))], ['Error: this transaction is over'])
  assert.deepEqual(await effectsIn(database), ['a:1'])
})

/** Runs a process that consumes until the position; resolves with the signal that has ended it, or null. */
async function aProcess({ urls, topicId, database }: Consuming, position: number): Promise<NodeJS.Signals | null> {
  // Who was killed leaves its lease behind, which would run out by itself.
  await database.query(`update consumer_partition set until = '-infinity'`)
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('mortal-consumer.ts', import.meta.url))],
    {
      env: { ...process.env, DATABASE_URL: urls.database, LOG_URL: urls.log, TOPIC: topicId, UNTIL: String(position) },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return signal
}

test('row 74: a message that kills the process is set aside after it has ended three, and the others are applied once', async () => {
  const consuming = await setup()
  const { database, publish } = consuming
  const deadly = aFact('deadly', { position: 3 })
  await publish(aFact('a'), aFact('b'), deadly, aFact('c'))
  const ends: (NodeJS.Signals | null)[] = []
  // The first ends with the whole batch, so nobody can know which of them it was: from then on each is taken alone.
  do ends.push(await aProcess(consuming, 4))
  while (ends.at(-1) !== null && ends.length < 10)
  assert.deepEqual(ends, ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL', null])
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1', 'c:1'])
  const [letter, ...more] = await lettersIn(database)
  assert.deepEqual(
    [letter?.code, letter?.attempts, letter?.fact_id, letter?.bytes.toString(), more],
    ['crash_loop', 3, deadly.factId, deadly.bytes, []],
  )
})

test('row 74: a message that comes alone is counted from the first', async () => {
  const consuming = await setup()
  await consuming.publish(aFact('deadly'))
  const ends = [await aProcess(consuming, 1), await aProcess(consuming, 1), await aProcess(consuming, 1), await aProcess(consuming, 1)]
  assert.deepEqual(ends, ['SIGKILL', 'SIGKILL', 'SIGKILL', null])
  assert.deepEqual(
    (await lettersIn(consuming.database)).map(one => [one.code, one.attempts]),
    [['crash_loop', 3]],
  )
})

test('row 74, the control: holders that lose a partition and live leave no count behind', async () => {
  const { database, publish, consume, topicId } = await setup()
  const store = openConsumerStore(database)
  const share = { consumer: 'adding.L-1', topicId, holder: 'two' }
  await store.install(share, 1)
  await publish(aFact('a'))
  for (let turn = 0; turn < 4; turn++) {
    await database.query(`update consumer_partition set holder = 'two', term = term + 1, until = now() + interval '1 minute'`)
    const [held] = await store.held(share)
    const start = { partition: 0, offset: 0n, term: held?.term ?? '' }
    assert.equal(await store.begin(share, [start]), 0)
    await store.survive(share, [start])
  }
  await database.query(`update consumer_partition set until = '-infinity'`)
  await consume(1)
  assert.deepEqual(await effectsIn(database), ['a:1'])
  assert.equal(await figure(database, 'select count(*) from dead_letter'), 0)
})

complete('handlers', [57, 66, 67, 72, 73, 74])
