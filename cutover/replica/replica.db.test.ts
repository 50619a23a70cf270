import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { aWord, type Copying, idOf, openCopying, telling, words } from '../../tests/copying.ts'
import type { Message } from '../contract/message.ts'
import { openReceiveStore } from '../receive/postgres.ts'
import { type ReplicaDefinition, waitFor } from './definition.ts'
import { openReplicaStore } from './postgres.ts'

const open: { close(): Promise<void> }[] = []
after(async () => {
  await Promise.all(open.map(one => one.close()))
})

async function setup(): Promise<Copying> {
  const copying = await openCopying()
  open.push(copying.database)
  return copying
}

const removal = (text: string, revision: number): Message => telling(aWord(1, text), revision, { removed: true })

test('the table has the columns of the definition with their types, each of them needed, and the first of the key names a row', async () => {
  const { database } = await setup()
  const { rows } = await database.query<{ column: string }>(
    `select column_name || ' ' || data_type || ' ' || is_nullable as column from information_schema.columns where table_name = 'word_copy' order by ordinal_position`,
  )
  assert.deepEqual(
    rows.map(row => row.column),
    [
      'id uuid NO',
      'text text NO',
      'size integer NO',
      'tags jsonb NO',
      'revision bigint NO',
      'removed boolean NO',
      'stored_at timestamp with time zone NO',
    ],
  )
})

test('what is kept is read back as it was told, whatever the type of its columns', async () => {
  const { store, take } = await setup()
  const word = aWord(1, 'a "quoted" word', { size: -7, tags: ['', 'a,b', '{"x":1}', 'ё'] })
  assert.deepEqual(await take(telling(word, 3)), ['done'])
  assert.deepEqual(await store.find([word.id, idOf(9)]), new Map([[word.id, { row: word, revision: 3 }]]))
})

test('a later revision supersedes, an older one changes nothing, and the same one again is a repeat', async () => {
  const { take, rows } = await setup()
  assert.deepEqual(await take(telling(aWord(1, 'two'), 2)), ['done'])
  assert.deepEqual(await take(telling(aWord(1, 'one'), 1)), ['duplicate'])
  assert.deepEqual(await rows(), ['01 2 two'])
  assert.deepEqual(await take(telling(aWord(1, 'two'), 2)), ['duplicate'])
  assert.deepEqual(await take(telling(aWord(1, 'five'), 5)), ['done'])
  assert.deepEqual(await rows(), ['01 5 five'])
})

test('the same revision with other content, or as a removal, is a conflict: both are shown, and the first stands', async () => {
  const { database, receiver, take, rows } = await setup()
  await take(telling(aWord(1, 'two'), 2))
  const [outcome] = await database.transaction(tx => receiver.receive(tx, [telling(aWord(1, 'other'), 2)], 'event'))
  assert.deepEqual(outcome, { is: 'conflict', first: 'revision 2 as it is kept', second: 'revision 2 with other content' })
  assert.deepEqual(await take(removal('two', 2)), ['conflict'])
  assert.deepEqual(await take(telling(aWord(1, 'two', { tags: [] }), 2)), ['conflict'])
  assert.deepEqual(await rows(), ['01 2 two'])
})

test('other content under the same revision is a conflict also when it names another place to ask for it', async () => {
  const { database } = await setup()
  const definition: ReplicaDefinition = { ...(words as unknown as ReplicaDefinition), table: 'placed', key: ['id', 'text'] }
  const store = openReplicaStore(database, definition, 'adding-1')
  await store.create()
  const keep = (text: string): Promise<unknown> =>
    database.transaction(tx => store.keep(tx, [{ row: aWord(1, text), revision: 1, removed: false }]))
  assert.deepEqual(await keep('a'), [{ stored: true, revision: 1, removed: false, same: true }])
  assert.deepEqual(await keep('b'), [{ stored: false, revision: 1, removed: false, same: false }])
})

test('what was removed stays removed: nothing older brings it back, and neither list nor find shows it', async () => {
  const { store, take, rows } = await setup()
  await take(telling(aWord(1, 'one'), 1), telling(aWord(2, 'else'), 1))
  assert.deepEqual(await take(removal('two', 3)), ['done'])
  assert.deepEqual(await take(telling(aWord(1, 'two'), 2), telling(aWord(1, 'one'), 1)), ['duplicate', 'duplicate'])
  assert.deepEqual(await take(removal('two', 3)), ['duplicate'])
  assert.deepEqual(await rows(), ['01 3 two removed', '02 1 else'])
  assert.deepEqual([...(await store.find([idOf(1), idOf(2)])).keys()], [idOf(2)])
  assert.deepEqual(
    (await store.list(null, 10)).map(({ row }) => row['id']),
    [idOf(2)],
  )
})

test('a removal of what was never here leaves its tombstone, and a later revision is there again', async () => {
  const { store, take, rows } = await setup()
  await take(removal('x', 4))
  await take(telling(aWord(1, 'x'), 3))
  assert.deepEqual([await rows(), (await store.find([idOf(1)])).size], [['01 4 x removed'], 0])
  await take(telling(aWord(1, 'again'), 5))
  assert.deepEqual(await rows(), ['01 5 again'])
})

test('a batch with several revisions of one entity keeps the last, in whatever order they are in it', async () => {
  const { take, rows } = await setup()
  const all = [3, 1, 4, 2].map(revision => telling(aWord(1, `r${revision}`), revision))
  assert.deepEqual(await take(...all, telling(aWord(2, 'else'), 1)), ['duplicate', 'duplicate', 'done', 'duplicate', 'done'])
  assert.deepEqual(await rows(), ['01 4 r4', '02 1 else'])
  assert.deepEqual(await take(...all), ['duplicate', 'duplicate', 'duplicate', 'duplicate'])
})

test('two words of one revision in one batch are a conflict, as they are in two', async () => {
  const { take, rows } = await setup()
  const outcomes = await take(telling(aWord(1, 'a'), 1), telling(aWord(1, 'b'), 1))
  assert.deepEqual([outcomes.toSorted(), (await rows()).length], [['conflict', 'done'], 1])
})

test('two readers of the log at once end with the last revision of every entity', async () => {
  const { take, rows } = await setup()
  const batches = [1, 2, 3, 4, 5, 6].map(revision => [3, 1, 2].map(number => telling(aWord(number, `r${revision}`), revision)))
  await Promise.all(batches.map(batch => take(...batch)))
  assert.deepEqual(await rows(), ['01 6 r6', '02 6 r6', '03 6 r6'])
})

test('every order of a history, in whatever batches and however often, ends the same', async () => {
  const { database, take, rows } = await setup()
  const history = [
    telling(aWord(1, 'one'), 1),
    telling(aWord(1, 'two'), 2),
    removal('two', 3),
    telling(aWord(1, 'four'), 4),
    telling(aWord(2, 'one'), 1),
    telling(aWord(2, 'gone'), 2, { removed: true }),
  ]
  const orders = fc.shuffledSubarray([...history, ...history], { minLength: 12 })
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 12, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(orders, sizes, async (order, cuts) => {
      await database.query('truncate word_copy, receipt')
      for (let from = 0, cut = 0; from < order.length; from += cuts[cut++] ?? 1) await take(...order.slice(from, from + (cuts[cut] ?? 1)))
      assert.deepEqual(await rows(), ['01 4 four', '02 2 gone removed'])
    }),
    { numRuns: 60 },
  )
})

test('the full state told again, as after a log that was lost, brings the copy to where its owner is', async () => {
  const { take, rows } = await setup()
  await take(telling(aWord(1, 'one'), 1), telling(aWord(2, 'one'), 1))
  // Revision 2 of the first, and the removal of the second, were lost. The refill has the revision in its keys.
  assert.deepEqual(await take(telling(aWord(1, 'two'), 2), telling(aWord(2, 'one'), 2, { removed: true })), ['done', 'done'])
  assert.deepEqual(await rows(), ['01 2 two', '02 2 one removed'])
})

test('state that has no revision never changes: it is kept once, and other content is a conflict', async () => {
  const { take, rows } = await setup()
  const told = (text: string): Message => telling(aWord(1, text), 1, { revision: null, businessKey: `WordChanged:${idOf(1)}:null` })
  assert.deepEqual([await take(told('a')), await take(told('a')), await take(told('b'))], [['done'], ['duplicate'], ['conflict']])
  assert.deepEqual(await rows(), ['01 1 a'])
})

test('an event that is no row of the copy is refused by a rule, and the others of its batch are kept', async () => {
  const { take, rows } = await setup()
  const wrong = { ...aWord(1, 'x'), id: 'not-a-uuid' }
  assert.deepEqual(await take(telling(wrong, 1), telling(aWord(2, 'y'), 1)), ['rejected', 'done'])
  assert.deepEqual(await rows(), ['02 1 y'])
})

test('rows come page by page in the order of their keys, those that were removed left out', async () => {
  const { store, take } = await setup()
  await take(...[5, 1, 4, 2, 3].map(number => telling(aWord(number, `w${number}`), 1)), telling(aWord(3, 'w3'), 2, { removed: true }))
  const seen: unknown[] = []
  for (let from: string | null = null; ;) {
    const page = await store.list(from, 2)
    seen.push(...page.map(({ row }) => row['text']))
    if (page.length < 2) break
    from = String(page.at(-1)?.row['id'])
  }
  assert.deepEqual(seen, ['w1', 'w2', 'w4', 'w5'])
})

test('the arrival of a row ends the wait of what waits for it, and of nothing else', async () => {
  const { database, take } = await setup()
  const waiting = [1, 2].map(number => ({ message: telling(aWord(number, 'x'), 1), waitsFor: waitFor('L-2', idOf(number)) }))
  await database.transaction(tx => openReceiveStore(database).park(tx, 'L-9', 'event', waiting))
  await database.query(`update parked set next_at = now() + interval '1 hour'`)
  await take(telling(aWord(2, 'here'), 1))
  const { rows } = await database.query<{ waits_for: string }>('select waits_for from parked where next_at <= clock_timestamp()')
  assert.deepEqual(rows, [{ waits_for: `L-2:${idOf(2)}` }])
})
