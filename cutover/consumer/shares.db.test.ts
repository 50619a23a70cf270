import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { countingDatabase } from '../../tests/counting.ts'
import { isAble } from '../contract/capability.ts'
import type { Database } from '../database/database.ts'
import { systemRandom } from '../process/clock.ts'
import { openConsumerStore } from './postgres.ts'
import { openShares, type Shares } from './shares.ts'
import type { ConsumerStore, LiveInstance } from './store.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup(): Promise<{ database: Database; store: ConsumerStore; shares: (holder: string) => Shares }> {
  const database = await countingDatabase()
  open.push(database)
  const store = openConsumerStore(database)
  const topicId = systemRandom.uuid()
  const reads = (one: LiveInstance): boolean => isAble(one.capabilities, 'record', 'L-1')
  return { database, store, shares: holder => openShares(store, { consumer: 'adding.L-1', topicId, holder }, 4, reads) }
}

const partitions = async (shares: Shares): Promise<number[]> => (await shares.renew()).map(held => held.partition)
const declare = (store: ConsumerStore, id: string, ...capabilities: string[]): Promise<void> =>
  store.beat(id, { capabilities, versions: { 'L-1': [0] }, build: '1', readings: {} })

test('instances that do not read the topic have no share of it, so that every partition is read', async () => {
  const { store, shares } = await setup()
  await declare(store, 'one', 'act:L-1')
  await declare(store, 'two', 'serve:L-1', 'act:L-2')
  const [one, two] = [shares('one'), shares('two')]
  assert.deepEqual(await partitions(one), [0, 1, 2, 3])
  await declare(store, 'two', 'record:L-1')
  assert.deepEqual(await partitions(one), [0, 1])
  assert.deepEqual(await partitions(two), [2, 3])
})

test('an instance tells what it is until it leaves or has been silent; one of an older build tells nothing', async () => {
  const { database, store } = await setup()
  await declare(store, 'new', 'act:L-1')
  await declare(store, 'gone', 'act:L-1')
  await declare(store, 'silent', 'act:L-1')
  await store.leave('gone')
  await database.query(`update instance set until = clock_timestamp() where id = 'silent'`)
  await database.query(`insert into instance values ('old', clock_timestamp() + interval '1 minute', '{"L-1":[0]}')`)
  const live = [
    { id: 'new', capabilities: ['act:L-1'], versions: { 'L-1': [0] }, build: '1', readings: {} },
    { id: 'old', capabilities: [], versions: {}, build: null, readings: {} },
  ]
  assert.deepEqual(await store.instances(), live)
  await database.transaction(async tx => assert.deepEqual(await store.instances(tx), live))
})
