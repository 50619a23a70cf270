import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pg from 'pg'
import { aWord, type Copying, idOf, openCopying, telling, words } from '../../tests/copying.ts'
import { freshDatabase } from '../../tests/database.ts'
import { figure } from '../../tests/tables.ts'
import { isTransient, sqlState, type Tx } from '../database/database.ts'
import type { ReplicaDefinition } from './definition.ts'
import { openReplicaStore } from './postgres.ts'
import { Quarantined } from './store.ts'

const open: { close(): Promise<void> }[] = []
after(async () => {
  await Promise.all(open.map(one => one.close()))
})

type Change = 'create' | 'quarantine' | 'restore' | 'drop'

interface Hiding extends Copying {
  order(change: Change): Promise<void>
  /** Who reached for it and how, with how often. */
  touches(): Promise<string[]>
  /** A session of nobody whom the library knows: a report, a person with psql. */
  session(): Promise<pg.Client>
}

async function setup(): Promise<Hiding> {
  const made = await freshDatabase()
  const copying = await openCopying(made)
  const { database, store } = copying
  open.push(database)
  return {
    ...copying,
    order: change => database.transaction(tx => store[change](tx)),
    touches: async () => (await store.touches()).map(({ who, what, count }) => `${who} ${what} ${count}`),
    async session() {
      const client = new pg.Client({ connectionString: made.url, application_name: 'nightly-report' })
      await client.connect()
      open.push({ close: () => client.end() })
      return client
    },
  }
}

/** All that there is in the database under the names that belong to the copy. */
const thingsOf = async (tx: Tx): Promise<string[]> =>
  (
    await tx.query<{ thing: string }>(
      `select relkind::text || ' ' || relname as thing from pg_class where relname like 'word_copy%' and relkind in ('r', 'v', 'S') order by 1`,
    )
  ).rows.map(row => row.thing)

const nobody = 'somebody who is none of these reached'

test('our own code is refused in quarantine, reading and keeping, also over the connections that used the table before', async () => {
  const { store, take, order, touches } = await setup()
  await take(telling(aWord(1, 'one'), 1))
  for (let connection = 0; connection < 12; connection++) await store.find([idOf(1)])
  await order('quarantine')
  const refused = /the copy of L-2 is in quarantine/
  await assert.rejects(store.find([idOf(1)]), error => error instanceof Quarantined && refused.test(error.message))
  await assert.rejects(store.list(null, 10), Quarantined)
  await assert.rejects(store.list(idOf(0), 10), Quarantined)
  await assert.rejects(take(telling(aWord(2, 'two'), 1)), Quarantined)
  assert.deepEqual((await touches()).toSorted(), ['adding-1 kept 1', 'adding-1 read 3'])
})

test('a raw session is refused whatever it says, of an empty table as well, and is known to have been there', async () => {
  const { order, touches, session } = await setup()
  const client = await session()
  await order('quarantine')
  assert.deepEqual(await touches(), [])
  const statements = [
    'select * from word_copy',
    'select count(*) from word_copy',
    'select exists (select from word_copy)',
    `insert into word_copy (id, text, size, tags) values ('${idOf(1)}', 'x', 1, '[]')`,
    `update word_copy set text = 'x'`,
    'delete from word_copy',
  ]
  for (const statement of statements)
    await assert.rejects(
      client.query(statement),
      error => sqlState(error) === 'CU001' && /nightly-report did/.test(String(error)),
      statement,
    )
  assert.deepEqual(await touches(), [`${nobody} ${statements.length}`])
})

test('who is known is named beside who is not, and is not counted twice', async () => {
  const { store, order, touches, session } = await setup()
  await order('quarantine')
  await assert.rejects(store.find([idOf(1)]))
  await assert.rejects((await session()).query('table word_copy'))
  await assert.rejects(store.find([idOf(1)]))
  assert.deepEqual(await touches(), ['adding-1 read 2', `${nobody} 1`])
})

test('it is quiet for as long as nobody has reached for it; whoever does begins that anew', async () => {
  const { database, store, order, touches, session } = await setup()
  await order('quarantine')
  await database.query(`update replica_quarantine set quiet_since = now() - interval '1 hour'`)
  await touches()
  const hour = 3_600_000
  assert.ok(((await store.state()).quietMs ?? 0) >= hour)
  await assert.rejects((await session()).query('table word_copy'))
  await touches()
  const { quietMs } = await store.state()
  assert.ok(quietMs !== null && quietMs < hour, String(quietMs))
})

test('taken out again it is as before, rows and all, and what was noted does not come back with the next quarantine', async () => {
  const { database, store, take, rows, order, touches } = await setup()
  await take(telling(aWord(1, 'one'), 3), telling(aWord(2, 'two'), 1, { removed: true }))
  const before = await rows()
  await order('quarantine')
  await assert.rejects(store.find([idOf(1)]))
  assert.equal((await store.state()).rows, 2)
  await order('restore')
  assert.deepEqual([await rows(), await store.state()], [before, { state: 'present', rows: 2, quietMs: null }])
  assert.deepEqual(await take(telling(aWord(1, 'old'), 2), telling(aWord(3, 'new'), 1)), ['duplicate', 'done'])
  assert.deepEqual(await thingsOf(database), ['r word_copy'])
  await order('quarantine')
  assert.deepEqual(await touches(), [])
})

test('dropped, from quarantine or from its place, nothing is left: no table, view, sequence, or note', async () => {
  const { database, store, order } = await setup()
  await order('quarantine')
  assert.deepEqual(await thingsOf(database), ['S word_copy_touched', 'r word_copy_quarantined', 'v word_copy'])
  await assert.rejects(store.find([idOf(1)]))
  await order('drop')
  const left = async (): Promise<unknown> => [
    await thingsOf(database),
    await figure(database, 'select count(*) from replica_touch'),
    await figure(database, 'select count(*) from replica_quarantine'),
    (await store.state()).state,
  ]
  assert.deepEqual(await left(), [[], 0, 0, 'absent'])
  await assert.rejects(store.find([idOf(1)]), error => error instanceof Quarantined && /is not there/.test(error.message))
  assert.deepEqual(await store.touches(), [])
  await order('create')
  await order('drop')
  assert.deepEqual(await left(), [[], 0, 0, 'absent'])
})

test('each order repeated changes nothing', async () => {
  const { database, store, take, order } = await setup()
  await take(telling(aWord(1, 'one'), 1))
  const stand = async (): Promise<unknown> => {
    const touches = await store.touches()
    const { state, rows } = await store.state()
    const { rows: noted } = await database.query('select replica, quiet_since::text from replica_quarantine')
    return [state, rows, noted, touches, await thingsOf(database)]
  }
  for (const change of ['create', 'quarantine', 'restore', 'quarantine', 'drop'] as const) {
    await order(change)
    if (change === 'quarantine') await assert.rejects(store.find([idOf(1)]))
    const once = await stand()
    await order(change)
    assert.deepEqual(await stand(), once, change)
  }
})

test('what has nothing to do changes nothing: a restore of what is in its place, a quarantine of what is not there', async () => {
  const { database, store, take, order } = await setup()
  await take(telling(aWord(1, 'one'), 1))
  await order('restore')
  assert.deepEqual([(await store.state()).state, (await store.state()).rows], ['present', 1])
  await order('drop')
  await order('quarantine')
  await order('restore')
  assert.deepEqual([(await store.state()).state, await thingsOf(database)], ['absent', []])
})

test('nobody queues behind an order that cannot have the table: it gives up after a moment, and nothing was done', async () => {
  const { database, store, take, order, session } = await setup()
  await take(telling(aWord(1, 'one'), 1))
  const reader = await session()
  for (const change of ['quarantine', 'drop'] as const) {
    await reader.query('begin')
    await reader.query('table word_copy')
    await assert.rejects(order(change), error => sqlState(error) === '55P03' && isTransient(error), change)
    await reader.query('rollback')
    assert.deepEqual([await store.state(), await thingsOf(database)], [{ state: 'present', rows: 1, quietMs: null }, ['r word_copy']])
  }
  await order('quarantine')
  await reader.query('begin')
  await reader.query('lock table word_copy_quarantined in access share mode')
  await assert.rejects(order('restore'), error => sqlState(error) === '55P03')
  await reader.query('rollback')
  assert.equal((await store.state()).state, 'quarantined')
})

test('an order that is undone leaves the table in its place', async () => {
  const { database, store, take } = await setup()
  await take(telling(aWord(1, 'one'), 1))
  const undone = database.transaction(async tx => {
    await store.quarantine(tx)
    throw new Error('the process ends here')
  })
  await assert.rejects(undone, /ends here/)
  assert.deepEqual([(await store.state()).state, (await store.find([idOf(1)])).size], ['present', 1])
})

test('two copies in one database are put away one by one', async () => {
  const { database, store, order } = await setup()
  const other = openReplicaStore(database, { ...(words as unknown as ReplicaDefinition), link: 'L-3', table: 'word_too' }, 'adding-1')
  await other.create()
  await order('quarantine')
  assert.deepEqual([(await store.state()).state, (await other.state()).state], ['quarantined', 'present'])
  assert.deepEqual(await other.list(null, 1), [])
  assert.deepEqual([await store.touches(), await other.touches()], [[], []])
})
