import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { aFact, Counted, countingDatabase, countLink, openAdding } from '../../tests/counting.ts'
import type { Route } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import type { Database } from '../database/database.ts'
import { openRegistry } from '../registry/registry.ts'
import type { Via } from './judge.ts'
import { openReceiveStore } from './postgres.ts'
import { openReceiver } from './receiver.ts'
import type { ReceiveStore } from './store.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Receiving {
  readonly database: Database
  readonly store: ReceiveStore
  /** Through one of two instances, in one transaction. */
  take(via: Via, messages: readonly Message[], instance?: 0 | 1): Promise<string[]>
  late(): Promise<number>
}

async function setup(): Promise<Receiving> {
  const database = await countingDatabase()
  open.push(database)
  const store = openReceiveStore(database)
  const instances = [0, 1].map(() => openReceiver(countLink, openAdding().handler, openRegistry([Counted]), store))
  return {
    database,
    store,
    take: (via, messages, instance = 0) =>
      database.transaction(async tx => (await instances[instance]?.receive(tx, messages, via))?.map(one => one.is) ?? []),
    late: async () => (await store.late('L-1', 'http')).count,
  }
}

const stamped = (key: string, route: Route, epoch: number, needs = ''): Message => ({
  ...aFact(key, { route, needs }),
  stamps: { 'L-1': { route, epoch } },
})

test('before the link has left a route nothing is late; afterwards every fact of it that was not known', async () => {
  const { take, late, store } = await setup()
  await take('http', [stamped('a', 'http', 1)])
  await take('event', [stamped('b', 'event', 2)])
  assert.equal(await late(), 0)
  const [c, d] = [stamped('c', 'http', 1), stamped('d', 'http', 1)]
  await take('http', [c, d])
  const { at, ...told } = await store.late('L-1', 'http')
  assert.deepEqual([told, at instanceof Date], [{ count: 2, fact: d.factId, epoch: 1 }, true])
  assert.deepEqual(await store.late('L-1', 'event'), { count: 0, fact: null, epoch: null, at: null })
})

test('an instance that has seen nothing newer itself notes it all the same', async () => {
  const { take, late } = await setup()
  await take('http', [stamped('a', 'http', 1)], 0)
  await take('event', [stamped('b', 'event', 2)], 1)
  await take('http', [stamped('c', 'http', 1)], 0)
  assert.equal(await late(), 1)
})

test('a copy of a fact that has a receipt is never late, and a refused one neither', async () => {
  const { take, late } = await setup()
  const a = stamped('a', 'http', 1)
  await take('http', [a])
  await take('event', [stamped('b', 'event', 2)])
  assert.deepEqual(await take('http', [a, a]), ['duplicate', 'duplicate'])
  assert.equal(await late(), 0)
})

test('a message that cannot be read is noted too, and one of another sender is not', async () => {
  const { take, late } = await setup()
  await take('event', [stamped('b', 'event', 2)])
  assert.deepEqual(await take('http', [{ ...stamped('c', 'http', 1), bytes: '{' }]), ['dead'])
  assert.equal(await late(), 1)
  assert.deepEqual(await take('http', [{ ...stamped('d', 'http', 1), source: 'elsewhere' }]), ['dead'])
  assert.equal(await late(), 1)
})

test('what is parked was noted when it came, and not again each time it is looked at', async () => {
  const { take, late } = await setup()
  await take('event', [stamped('b', 'event', 2)])
  const waiting = stamped('c', 'http', 1, 'rating:1')
  for (let look = 0; look < 3; look++) assert.deepEqual(await take('http', [waiting]), ['parked'])
  assert.equal(await late(), 1)
})

test('a message that is undone leaves no note', async () => {
  const { database, store, late, take } = await setup()
  await take('event', [stamped('b', 'event', 2)])
  const undone = database.transaction(async tx => {
    await store.noteLate(tx, 'L-1', [stamped('c', 'http', 1)])
    throw new Error('the process ends here')
  })
  await assert.rejects(undone, /ends here/)
  assert.equal(await late(), 0)
})

test('an epoch that an older build has noted gets its route with the next message of it', async () => {
  const { database, take, late } = await setup()
  await take('http', [stamped('a', 'http', 1)])
  await database.query('update epoch_seen set epoch = 2')
  await take('event', [stamped('b', 'event', 2)])
  await take('http', [stamped('c', 'http', 1)])
  assert.equal(await late(), 1)
})

test('what the sender tells is taken only from one that knows what it had told last', async () => {
  const { store } = await setup()
  assert.equal(await store.tellCompared('L-1', 5n, 9n), 0n)
  assert.equal(await store.tellCompared('L-1', 0n, 4n), 4n)
  assert.equal(await store.tellCompared('L-1', 0n, 9n), 4n)
  assert.equal(await store.tellCompared('L-1', 4n, 9n), 9n)
  assert.equal(await store.compared('L-1'), 9n)
})
