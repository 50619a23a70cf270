import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counted } from '../../tests/counting.ts'
import { openTwo } from '../../tests/draining.ts'
import { figure } from '../../tests/tables.ts'

// Each case looks at one place first, where something is left, or nothing was ever done. The count says drained.

test('drained: the log still holds every record', async context => {
  const { state, publish, consume, broker, flip, gate } = await openTwo(context)
  await flip('event')
  await state('a')
  await publish()
  await consume()
  await flip('http')
  const [bounds] = await broker.bounds(Counted.topic)
  assert.equal(Number(bounds?.end) - Number(bounds?.start), 1)
  assert.equal(await gate('event'), 'drained')
})

test('drained: the consumer is behind, on records of facts that another route has', async context => {
  const { state, publish, consume, call, lag, flip, gate } = await openTwo(context)
  await flip('event')
  await state('a')
  await publish()
  await consume()
  await flip('http', true)
  await state('b')
  await publish()
  assert.equal(await lag(), 1)
  assert.equal(await gate('event'), 'drained')
  assert.equal(await gate('http'), 'drained_route')
  await call()
})

test('drained: a copy of a terminal fact is in the log, and when it is read it is no stray', async context => {
  const { state, message, publish, consume, broker, lag, flip, gate, count, take } = await openTwo(context)
  await flip('event')
  const fact = await message(await state('a'))
  await publish()
  await consume()
  const topic = (await broker.topic(Counted.topic)) ?? assert.fail()
  const records = await broker.fetch(topic, [{ partition: 0, offset: 0n }], 10, 0)
  await broker.append(Counted.topic, records)
  await flip('http')
  await take('http', await message(await state('b')))
  assert.equal(await lag(), 1)
  assert.equal(await gate('event'), 'drained')
  assert.deepEqual(await consume(), ['duplicate'])
  assert.deepEqual(await take('event', fact), ['duplicate'])
  assert.deepEqual([await gate('event'), (await count('event')).late.count], ['drained', 0])
})

test('drained: a rule has refused every fact, and there is no effect', async context => {
  const { state, call, adding, receiving, flip, gate } = await openTwo(context)
  adding.refused.add('a')
  await state('a')
  await call()
  await flip('event')
  assert.equal(await figure(receiving.database, 'select count(*) from effect'), 0)
  assert.equal(await gate('http'), 'drained')
})

test('drained: rows of the comparison are left that nobody has judged', async context => {
  const { state, publish, consume, call, receiving, flip, gate } = await openTwo(context)
  await flip('http', true)
  await state('a')
  await publish()
  await consume()
  await call()
  await flip('event')
  assert.equal(await figure(receiving.database, 'select count(*) from parity where verdict is null'), 1)
  assert.equal(await gate('http'), 'drained')
})

test('drained: parked messages and dead letters are left, of the other route', async context => {
  const { state, message, call, take, receiving, flip, gate } = await openTwo(context)
  await state('a')
  await call()
  await flip('event')
  await take('event', await message(await state('b', 'rating:1')))
  await take('event', { ...(await message(await state('c'))), businessKey: 'Counted:other' })
  assert.equal(await figure(receiving.database, '(select count(*) from parked) + (select count(*) from dead_letter)'), 2)
  assert.equal(await gate('http'), 'drained')
})

test('drained: the receiver has forgotten its receipts, which the sweep had passed', async context => {
  const { state, call, sweep, receiving, flip, gate } = await openTwo(context)
  await state('a')
  await call()
  await sweep()
  await flip('event')
  await receiving.database.query(`update receipt set at = now() - interval '8 days'`)
  assert.equal(await receiving.stores.receive.forget('L-1', 0n, 1n, 7), 1n)
  assert.equal(await figure(receiving.database, 'select count(*) from receipt'), 0)
  assert.equal(await gate('http'), 'drained')
})

test('drained: a retry is left of a fact that has arrived meanwhile', async context => {
  const { state, message, call, adding, take, sending, flip, gate } = await openTwo(context)
  const fact = await state('a')
  adding.poisonous.add('a')
  await call()
  adding.poisonous.clear()
  await take('http', await message(fact))
  await flip('event')
  assert.equal(await sending.stores.relay.retries(), 1)
  assert.equal(await gate('http'), 'drained')
})

test('stays drained: an instance that believes in the old route states by the new one, and by nothing else', async context => {
  const { state, call, instance, message, flip, gate, count } = await openTwo(context)
  await state('a')
  await call()
  const late = await instance()
  await flip('event')
  assert.equal(await gate('http'), 'drained')
  const fact = await late.transaction(async (_, record) => record({ ...Counted, service: 'hiring' }, { key: 'b', amount: 1, needs: '' }))
  assert.deepEqual(Object.values((await message(fact)).stamps), [{ route: 'event', epoch: 2 }])
  assert.deepEqual([await gate('http'), (await count('http')).issued], ['drained', 1])
})

test('a stray is noted by its route, once per arrival, whatever became of it; what is in flight holds the gate', async context => {
  const { state, message, call, take, flip, count, gate } = await openTwo(context)
  const old = await message(await state('a'))
  await call()
  await flip('event')
  await take('event', await message(await state('b')))
  assert.deepEqual((await count('http')).late, { count: 0, fact: null, epoch: null })
  const factId = old.factId.replace(/.$/, old.factId.endsWith('0') ? '1' : '0')
  const bytes = old.bytes.replace(old.factId, factId)
  assert.deepEqual(await take('http', { ...old, factId, bytes }), ['duplicate'])
  assert.deepEqual((await count('http')).late, { count: 1, fact: factId, epoch: 1 })
  assert.equal((await count('event')).late.count, 0)
  // It has a receipt now: its redelivery is none.
  await take('http', { ...old, factId, bytes })
  assert.deepEqual([(await count('http')).late.count, await gate('http')], [1, 'drained'])
})
