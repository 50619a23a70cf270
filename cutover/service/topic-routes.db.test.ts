import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { libraryDatabase, WordChanged } from '../../tests/copying.ts'
import { Counted } from '../../tests/counting.ts'
import { freshDatabase } from '../../tests/database.ts'
import { operate, type Operating, type OperatorAnswer } from '../../tests/operator-calls.ts'
import { type Broker, TopicQuarantined, TopicRetired, TopicUnknown } from '../broker/broker.ts'
import { openPostgresLog } from '../broker/postgres/log.ts'
import { systemClock } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openStores, type Stores } from './stores.ts'
import { topicRoutes } from './topic-routes.ts'

const log = openLog({ service: 'test', instance: '1', level: 'silent' })
const open: { close(): Promise<void> }[] = []
after(async () => {
  for (const one of open.toReversed()) await one.close()
})

const { topic } = WordChanged
const record = { key: 'k', value: 'v', headers: {} }

interface Operated extends Operating {
  readonly stores: Stores
  readonly broker: Broker
  /** The log as another process of this name has it. */
  client(name: string): Broker
  order(change: string, more?: object): Promise<OperatorAnswer>
  stand(): Promise<Readonly<Record<string, unknown>>>
}

/** A service that states WordChanged, and knows of an event of another one. */
async function setup(): Promise<Operated> {
  const database = await libraryDatabase()
  const stores = openStores(database)
  const { url } = await freshDatabase()
  const client = (name: string): Broker => {
    const broker = openPostgresLog({ url, name, log })
    open.push(broker)
    return broker
  }
  open.push(database)
  const broker = client('counting-1')
  const events = [WordChanged, { ...Counted, service: 'adding' }]
  const operating = await operate(topicRoutes({ service: 'counting', events, broker, stores, clock: systemClock }))
  return {
    ...operating,
    stores,
    broker,
    client,
    order: (change, more = {}) => operating.post('/operator/topics', { event: 'WordChanged', do: change, term: 1, ...more }),
    stand: async () => (await operating.get('/operator/topics/WordChanged')).body,
  }
}

const absent = { state: 'absent', quiet_ms: null, touches: [] }
const opened = { state: 'open', quiet_ms: null, touches: [] }

test('a topic is opened, hidden, taken out again and dropped, and each order repeated changes nothing', async () => {
  const { broker, order, stand } = await setup()
  assert.deepEqual(await stand(), absent)
  const identity = async (): Promise<unknown> => [(await broker.topic(topic))?.id, (await broker.hidden(topic))?.since]
  for (const [change, state] of [
    ['open', 'open'],
    ['quarantine', 'quarantined'],
    ['restore', 'open'],
    ['quarantine', 'quarantined'],
    ['open', 'open'],
    ['quarantine', 'quarantined'],
    ['drop', 'absent'],
  ] as const) {
    const first = await order(change)
    assert.deepEqual([first.status, first.body['state']], [200, state], change)
    const once = await identity()
    const again = await order(change)
    assert.deepEqual([again.status, again.body['state'], await identity()], [200, state, once], change)
  }
})

test('made without being opened: what is there stays as it is, and what was hidden on purpose stays hidden', async () => {
  const { broker, order, stand } = await setup()
  assert.deepEqual((await order('create')).body, opened)
  const made = (await broker.topic(topic)) ?? assert.fail()
  assert.equal(made.partitions, WordChanged.partitions)
  assert.deepEqual([(await order('create')).body, await broker.topic(topic)], [opened, made])
  await order('quarantine')
  assert.notEqual((await order('create')).status, 200)
  assert.equal((await stand())['state'], 'quarantined')
})

test('what has nothing to do changes nothing: no topic comes about by hiding, taking out or dropping it', async () => {
  const { broker, order, stand } = await setup()
  for (const change of ['quarantine', 'restore', 'drop']) {
    const { status, body } = await order(change)
    assert.deepEqual([status, body], [200, absent], change)
  }
  await order('open')
  await broker.append(topic, [record])
  const { id } = (await broker.topic(topic)) ?? assert.fail()
  assert.deepEqual([(await order('restore')).body, (await order('open')).body, await stand()], [opened, opened, opened])
  assert.equal((await broker.topic(topic))?.id, id)
  assert.deepEqual(
    (await broker.bounds(topic)).map(one => one.end),
    [1n],
  )
})

test('taken out of quarantine, by either order, it has its records and its id as before', async () => {
  for (const change of ['restore', 'open']) {
    const { broker, order } = await setup()
    await order('open')
    await broker.append(topic, [record, record])
    const before = (await broker.topic(topic)) ?? assert.fail()
    await order('quarantine')
    await assert.rejects(broker.append(topic, [record]), TopicQuarantined)
    await order(change)
    assert.deepEqual(await broker.topic(topic), before, change)
    const read = await broker.fetch(before, [{ partition: 0, offset: 0n }], 10, 0)
    assert.deepEqual(
      read.map(one => one.offset),
      [0n, 1n],
    )
  }
})

test('whoever reaches for a hidden topic is refused and named, with what and how often; the operator who looks is none of them', async () => {
  const { client, order, stand, broker } = await setup()
  const [sender, reader] = [client('counting-2'), client('adding-1')]
  await order('open')
  const before = (await broker.topic(topic)) ?? assert.fail()
  await reader.fetch(before, [{ partition: 0, offset: 0n }], 1, 0)
  await order('quarantine')
  assert.deepEqual((await stand())['touches'], [])
  for (let again = 0; again < 2; again++) await assert.rejects(sender.append(topic, [record]), TopicQuarantined)
  await assert.rejects(reader.fetch(before, [{ partition: 0, offset: 0n }], 1, 0), TopicQuarantined)
  const { state, quiet_ms: quiet, touches } = await stand()
  assert.deepEqual([state, typeof quiet], ['quarantined', 'number'])
  assert.deepEqual(touches, [
    { who: 'adding-1', what: 'fetch', count: 1 },
    { who: 'counting-2', what: 'append', count: 2 },
  ])
  await order('restore')
  await order('quarantine')
  assert.deepEqual((await stand())['touches'], [], 'what was noted does not come back with the next quarantine')
})

test('it is quiet since the last who reached for it, by the clock of whoever is asked, and never less than nothing', async () => {
  const { broker, stores, order } = await setup()
  await order('open')
  await order('quarantine')
  const since = ((await broker.hidden(topic)) ?? assert.fail()).since.getTime()
  const quietAt = async (now: number): Promise<unknown> => {
    const clock = { ...systemClock, now: () => now }
    const { get } = await operate(topicRoutes({ service: 'counting', events: [WordChanged], broker, stores, clock }))
    return (await get('/operator/topics/WordChanged')).body['quiet_ms']
  }
  assert.deepEqual([await quietAt(since + 5_000), await quietAt(since - 5_000)], [5_000, 0])
  await assert.rejects(broker.append(topic, [record]))
  const [touch] = await broker.touches(topic)
  const last = (touch ?? assert.fail()).lastAt.getTime()
  assert.equal(await quietAt(last + 3_000), 3_000)
})

test('a dropped topic comes back only when it is opened on purpose, and then it is another one', async () => {
  const { broker, client, order, stand } = await setup()
  await order('open')
  await broker.append(topic, [record])
  const before = (await broker.topic(topic)) ?? assert.fail()
  await order('drop')
  await assert.rejects(client('counting-2').createTopic(topic, 1), TopicRetired)
  const { state, touches } = await stand()
  assert.deepEqual([state, touches], ['absent', [{ who: 'counting-2', what: 'create', count: 1 }]])
  assert.deepEqual((await order('open')).body, opened)
  const revived = (await broker.topic(topic)) ?? assert.fail()
  assert.notEqual(revived.id, before.id)
  await assert.rejects(broker.fetch(before, [{ partition: 0, offset: 0n }], 1, 0), TopicUnknown)
  assert.deepEqual(await broker.fetch(revived, [{ partition: 0, offset: 0n }], 1, 0), [])
})

test('an engine that was overtaken is refused, and an order raises the term that is refused from then on', async () => {
  const { stores, order, stand } = await setup()
  assert.equal((await order('open', { term: 6 })).status, 200)
  assert.equal(await stores.switch.term(), 6)
  for (const change of ['open', 'quarantine', 'restore', 'drop']) {
    const { status, body } = await order(change, { term: 5 })
    assert.deepEqual([status, body['code']], [409, 'term_stale'], change)
  }
  assert.deepEqual([await stand(), await stores.switch.term()], [opened, 6])
  assert.equal((await order('quarantine', { term: 6 })).body['state'], 'quarantined')
})

test('an event that nobody knows, and one that another service states, is not found, and its topic is left alone', async () => {
  const { broker, get, order } = await setup()
  await broker.createTopic(Counted.topic, 1)
  for (const event of ['Nothing', 'Counted', 'wordchanged']) {
    const looked = await get(`/operator/topics/${event}`)
    assert.deepEqual([looked.status, looked.body['code']], [404, 'not_found'], event)
    for (const change of ['open', 'quarantine', 'restore', 'drop']) {
      const { status, body } = await order(change, { event, term: 9 })
      assert.deepEqual([status, body['code'], body['detail']], [404, 'not_found', `counting states no event ${event}`], event)
    }
  }
  assert.equal((await broker.topics()).length, 1)
})

test('whatever is wrong with an order is refused by the name of its field, and without a token nobody sees or orders anything', async () => {
  const { get, order, stranger, stand } = await setup()
  const wrong = {
    event: ['', 'Word Changed', 'Word.Changed', 'x'.repeat(65), 1, null],
    do: ['', 'make', 'OPEN', true, null],
    term: [-1, 0.5, '1', null],
    force: [true],
  }
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      const { status, body } = await order('open', { [field]: value })
      const pointers = (body['errors'] as { pointer: string }[]).map(one => one.pointer)
      assert.deepEqual([status, body['code'], [...new Set(pointers)]], [400, 'body_invalid', [`/${field}`]], String(value))
    }
  }
  assert.equal((await get(`/operator/topics/${'x'.repeat(65)}`)).body['code'], 'parameter_invalid')
  assert.equal(await stranger('/operator/topics/WordChanged'), 401)
  assert.equal(await stranger('/operator/topics', { event: 'WordChanged', do: 'open', term: 1 }), 401)
  assert.deepEqual(await stand(), absent)
})
