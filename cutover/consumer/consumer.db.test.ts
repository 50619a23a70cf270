import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Adding, aFact, Counted, countingDatabase, countLink, effectsIn, openAdding, tracesIn } from '../../tests/counting.ts'
import { freshDatabase } from '../../tests/database.ts'
import type { Broker, LogRecord } from '../broker/broker.ts'
import { openPostgresLog } from '../broker/postgres/log.ts'
import { toHeaders } from '../contract/headers.ts'
import type { Message } from '../contract/message.ts'
import type { Database } from '../database/database.ts'
import { type Clock, systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openReceiveStore } from '../receive/postgres.ts'
import { openReceiver } from '../receive/receiver.ts'
import { openRegistry } from '../registry/registry.ts'
import { runConsumer } from './consumer.ts'
import type { ConsumerStatus } from './status.ts'
import { openConsumerStore } from './postgres.ts'
import { openShares } from './shares.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
/** Waits are as long as they should be in order, but short. */
const hasty: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 2), signal) }

const open: { close(): Promise<void> }[] = []
after(async () => {
  await Promise.all(open.map(one => one.close()))
})

interface Consuming extends Adding {
  readonly database: Database
  readonly broker: Broker
  publish(messages: readonly Message[]): Promise<void>
  /** Consumes until `enough` says so of a status; resolves when the consumer has ended. */
  consume(enough: (status: ConsumerStatus) => boolean, instead?: { broker?: Broker; database?: Database; clock?: Clock }): Promise<void>
}

async function setup(): Promise<Consuming> {
  const database = await countingDatabase()
  const broker = openPostgresLog({ url: (await freshDatabase()).url, name: 'test', log })
  open.push(database, broker)
  const topic = await broker.createTopic(Counted.topic, 1)
  const adding = openAdding()
  const receiver = openReceiver(countLink, adding.handler, openRegistry([Counted]), openReceiveStore(database))
  return {
    ...adding,
    database,
    broker,
    publish: messages =>
      broker.append(
        topic.name,
        messages.map(message => ({ key: message.orderKey, value: message.bytes, headers: toHeaders(message) })),
      ),
    async consume(enough, instead = {}) {
      const stop = new AbortController()
      const store = openConsumerStore(instead.database ?? database)
      const shares = openShares(store, { consumer: 'adding.L-1', topicId: topic.id, holder: 'one' }, 1)
      const show = (status: ConsumerStatus): void => {
        if (enough(status)) stop.abort()
      }
      const ports = { broker: instead.broker ?? broker, store, shares, clock: instead.clock ?? hasty, random: systemRandom, log }
      await runConsumer({ ...ports, topic: topic.name, receiver, show, received: () => undefined }, stop.signal)
    },
  }
}

const standsAt =
  (position: number) =>
  (status: ConsumerStatus): boolean =>
    status.partitions[0]?.position === String(position)

/** The broker, with something that happens between the first fetch of records and their handling. */
const meanwhile = (broker: Broker, happens: (records: readonly LogRecord[]) => Promise<unknown>): Broker => {
  let once = true
  return {
    ...broker,
    async fetch(...from) {
      const records = await broker.fetch(...from)
      if (once && records.length > 0) {
        once = false
        await happens(records)
      }
      return records
    },
  }
}

test('a message whose handler throws is set aside alone after bounded tries, and the others of its batch are applied', async () => {
  const { database, publish, consume, poisonous, applied } = await setup()
  poisonous.add('bad')
  const bad = aFact('bad', { position: 3 })
  await publish([aFact('a'), aFact('b'), bad, aFact('c'), aFact('d')])
  await consume(standsAt(5))
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1', 'c:1', 'd:1'])
  assert.deepEqual(await tracesIn(database), {
    receipts: ['done', 'done', 'done', 'done'],
    parked: [],
    dead: ['handler_error'],
    recorded: 0,
  })
  assert.equal(applied.filter(keys => keys.length === 1 && keys[0] === 'bad').length, 5)
  const { rows } = await database.query<{ attempts: number; fact_id: string; bytes: Buffer; origin: string }>('select * from dead_letter')
  assert.deepEqual([rows[0]?.attempts, rows[0]?.bytes.toString()], [5, bad.bytes])
  // Named, or the sender would be told that it never arrived and send it again and again.
  assert.equal(rows[0]?.fact_id, bad.factId)
})

test('what cannot be read or must not be here is set aside with its bytes, and holds up nothing', async () => {
  const { database, broker, publish, consume } = await setup()
  await broker.append(Counted.topic, [{ key: 'x', value: '{"no":"headers"}', headers: {} }])
  await publish([{ ...aFact('b'), bytes: 'no JSON' }, { ...aFact('c'), source: 'elsewhere' }, aFact('d')])
  await consume(standsAt(4))
  assert.deepEqual(await effectsIn(database), ['d:1'])
  assert.deepEqual((await tracesIn(database)).dead.toSorted(), ['header_invalid', 'not_json', 'producer_unknown'])
})

test('a batch whose partition has another holder by now changes nothing', async () => {
  const { database, broker, publish, consume } = await setup()
  await publish([aFact('a'), aFact('b')])
  const taken = meanwhile(broker, () =>
    database.query(`update consumer_partition set holder = 'two', term = term + 1, until = clock_timestamp() + interval '1 minute'`),
  )
  let held = false
  await consume(
    ({ partitions }) => {
      if (partitions.length > 0) held = true
      return held && partitions.length === 0
    },
    { broker: taken },
  )
  assert.deepEqual(await effectsIn(database), [])
  assert.deepEqual(await tracesIn(database), { receipts: [], parked: [], dead: [], recorded: 0 })
  const { rows } = await database.query<{ position: string; holder: string }>('select position, holder from consumer_partition')
  assert.deepEqual(rows, [{ position: '0', holder: 'two' }])
})

test('a batch that begins before the stored position is dropped whole and read again from there', async () => {
  const { database, broker, publish, consume, applied } = await setup()
  await publish([aFact('a'), aFact('b'), aFact('c')])
  const moved = meanwhile(broker, () => database.query('update consumer_partition set position = 1'))
  await consume(standsAt(3), { broker: moved })
  assert.deepEqual(applied, [['b', 'c']])
  assert.deepEqual(await effectsIn(database), ['b:1', 'c:1'])
})

test('a crash between effect and position undoes both, and the batch is applied once afterwards', async () => {
  const { database, publish, consume, applied } = await setup()
  await publish([aFact('a'), aFact('b')])
  let crashes = 2
  const crashing: Database = {
    ...database,
    transaction: work =>
      database.transaction(async tx => {
        const result = await work(tx)
        assert.deepEqual(await effectsIn(tx), ['a:1', 'b:1'])
        if (crashes-- > 0) throw Object.assign(new Error('the connection is gone'), { code: 'ECONNRESET' })
        return result
      }),
  }
  const positions: (string | undefined)[] = []
  await consume(
    status => {
      positions.push(status.partitions[0]?.position)
      return status.partitions[0]?.position === '2'
    },
    { database: crashing },
  )
  assert.deepEqual(positions, ['0', '0', '0', '2'])
  assert.equal(applied.length, 3)
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1'])
  assert.deepEqual((await tracesIn(database)).receipts, ['done', 'done'])
})

test('an outage spends no tries: however long the database is away, nothing is set aside', async () => {
  const { database, publish, consume } = await setup()
  await publish([aFact('a')])
  let outage = 12
  const away: Database = {
    ...database,
    transaction: async work => {
      if (outage-- > 0) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
      return database.transaction(work)
    },
  }
  let troubles = 0
  await consume(
    status => {
      if (status.trouble !== null) troubles++
      return standsAt(1)(status)
    },
    { database: away },
  )
  assert.ok(troubles >= 12)
  assert.deepEqual(await effectsIn(database), ['a:1'])
  assert.deepEqual((await tracesIn(database)).dead, [])
})

test('its own database away, so that it knows not even what it holds: it says so, since when, and goes on when it is back', async () => {
  const { database, publish, consume } = await setup()
  await publish([aFact('a')])
  let outage = 5
  const away: Database = {
    ...database,
    query: async (...sql) => {
      if (outage-- > 0) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
      return database.query(...sql)
    },
  }
  const seen: ConsumerStatus[] = []
  await consume(status => (seen.push(status), standsAt(1)(status)), { database: away })
  const troubled = seen.filter(status => status.trouble === 'refused')
  assert.ok(troubled.length >= 5)
  assert.equal(new Set(troubled.map(status => status.sinceMs)).size, 1)
  assert.deepEqual([seen.at(-1)?.trouble, seen.at(-1)?.sinceMs], [null, null])
  assert.deepEqual((await tracesIn(database)).dead, [])
})

test('the log away: the position stands, no message is tried, and all arrive once when it is back', async () => {
  const { database, broker, publish, consume, applied } = await setup()
  await publish([aFact('a'), aFact('b')])
  let outage = 12
  const away: Broker = {
    ...broker,
    async fetch(...from) {
      if (outage-- > 0) throw new Error('the log is starting up')
      return broker.fetch(...from)
    },
  }
  const troubles = new Set<string | null>()
  await consume(
    status => {
      troubles.add(status.trouble)
      return standsAt(2)(status)
    },
    { broker: away },
  )
  assert.deepEqual([...troubles], [null, 'the log is starting up'])
  assert.deepEqual([applied, await effectsIn(database)], [[['a', 'b']], ['a:1', 'b:1']])
  assert.deepEqual((await tracesIn(database)).dead, [])
})

test('a topic in quarantine is said to be, is asked for again slowly, and is read on when it is restored', async () => {
  const { database, broker, publish, consume } = await setup()
  await publish([aFact('a'), aFact('b')])
  await broker.quarantineTopic(Counted.topic)
  const slept: number[] = []
  const clock: Clock = {
    now: hasty.now,
    async sleep(ms, signal) {
      slept.push(ms)
      if (slept.length === 3) await broker.restoreTopic(Counted.topic)
      await hasty.sleep(ms, signal)
    },
  }
  const troubles: string[] = []
  await consume(
    status => {
      if (status.trouble !== null) troubles.push(status.trouble)
      return standsAt(2)(status)
    },
    { clock },
  )
  assert.ok(troubles.length >= 3 && troubles.every(trouble => trouble.includes('is in quarantine since')))
  assert.deepEqual(slept.slice(0, 3), [5_000, 5_000, 5_000])
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1'])
  assert.deepEqual(
    (await broker.touches(Counted.topic)).map(({ who, what, count }) => [who, what, count]),
    [['test', 'fetch', 3]],
  )
})
