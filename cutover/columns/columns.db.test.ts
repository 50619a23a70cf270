import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { countingDatabase } from '../../tests/counting.ts'
import { crashing } from '../../tests/crashing.ts'
import { type Database, sqlState } from '../database/database.ts'
import { systemClock } from '../process/clock.ts'
import { openColumns } from './columns.ts'
import { type ColumnChange, type ColumnMode, defineColumns } from '../contract/columns.ts'
import { compareColumns, fillPage } from './fill.ts'
import { openColumnStore } from './postgres.ts'
import type { ColumnStep } from './store.ts'
import { openColumnWatch } from './watch.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

/** A name that is to be kept in its two parts; what has no space in it has one part. */
const change: ColumnChange = defineColumns({
  change: 'X-1',
  table: 'person',
  cursor: { column: 'id', type: 'text' },
  old: 'name',
  required: 'last',
  optional: ['first'],
  lens: {
    up: name =>
      name.includes(' ') ? { first: name.slice(0, name.indexOf(' ')), last: name.slice(name.indexOf(' ') + 1) } : { last: name },
    down: ({ first, last = '' }) => (first === undefined ? last : `${first} ${last}`),
  },
  oldSql: of => `case when ${of}first is null then ${of}last else ${of}first || ' ' || ${of}last end`,
})

async function setup(rows = 0) {
  const database = await countingDatabase()
  open.push(database)
  await database.query('create table person (id text primary key, name text not null)')
  if (rows > 0)
    await database.query(`insert into person select 'p' || lpad(n::text, 5, '0'), 'A ' || n from generate_series(1, ${rows}) as n`)
  const store = openColumnStore(database)
  const as = (mode: ColumnMode) => {
    const columns = openColumns(change, mode)
    return {
      write: (id: string, name: string) =>
        database.query(`insert into person (id, ${columns.written}) values ($1, ${columns.placed(2)})`, [id, ...columns.values(name)]),
      rename: (id: string, name: string) =>
        database.query(`update person set ${columns.assigned(2)} where id = $1`, [id, ...columns.values(name)]),
      async read(id: string): Promise<string> {
        const { rows: found } = await database.query(`select ${columns.read} from person where id = $1`, [id])
        return columns.text(found[0] ?? {})
      },
    }
  }
  return {
    database,
    store,
    as,
    check: async () => {
      for (const step of ['constrain', 'validate'] as const) await store.transaction(tx => store.step(tx, change, step))
    },
    step: (step: ColumnStep) => store.transaction(tx => store.step(tx, change, step)),
    standing: async () => (await store.stand(change)) ?? assert.fail('the table is not there'),
    begin: (askedBy = 'r-1', direction: 'forward' | 'back' = 'forward') =>
      store.transaction(tx => store.begin(tx, change, direction, askedBy)),
    async fill() {
      while (await fillPage(store, change));
    },
  }
}

test('instances one step apart read what each other writes, and every name is to the byte what it was', async () => {
  const { as, step, begin, fill, store, standing, check } = await setup()
  await as('old').write('a', 'Ada Lovelace')
  await step('expand')
  await as('old').write('b', 'Plato')
  await as('both').write('c', 'Jean  Paul ')
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(id => as('old').read(id))), ['Ada Lovelace', 'Plato', 'Jean  Paul '])
  await step('guard')
  await begin()
  await fill()
  await as('both').rename('a', 'Ada King')
  await check()
  for (const mode of ['both', 'new'] as const)
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(id => as(mode).read(id))), ['Ada King', 'Plato', 'Jean  Paul '])
  assert.deepEqual(await compareColumns(store, change), { rows: 3, different: 0, keys: [] })
  await step('relax')
  await as('only').write('d', 'Hypatia')
  await step('quarantine')
  await as('only').rename('c', 'Jean Paul')
  await step('drop')
  assert.deepEqual(await Promise.all(['a', 'b', 'c', 'd'].map(id => as('only').read(id))), ['Ada King', 'Plato', 'Jean Paul', 'Hypatia'])
  const { old, added, guard, rows, filled } = await standing()
  assert.deepEqual({ old, added, guard, rows, filled }, { old: 'absent', added: 'present', guard: 'all_rows', rows: 4, filled: 4 })
})

test('once the table is guarded, a writer that knows nothing of the change is refused and leaves no empty row', async () => {
  const { database, as, step, begin, fill, standing, check } = await setup()
  await step('expand')
  await as('old').write('a', 'Ada Lovelace')
  await step('guard')
  await assert.rejects(as('old').write('b', 'Plato'), error => sqlState(error) === '23514')
  await assert.rejects(as('old').rename('a', 'Ada King'), error => sqlState(error) === '23514')
  // Whatever else changes in a row that is not filled yet goes on.
  await database.query(`update person set id = 'aa' where id = 'a'`)
  await database.query(`update person set id = 'a' where id = 'aa'`)
  await begin()
  await fill()
  await check()
  assert.deepEqual((await standing()).guard, 'all_rows')
  // The way back: everything that was added goes, and nothing that was written is lost.
  await as('both').write('c', 'Jean Paul')
  await step('unguard')
  await step('retract')
  assert.deepEqual([await as('old').read('a'), await as('old').read('c')], ['Ada Lovelace', 'Jean Paul'])
  await as('old').write('b', 'Plato')
})

test('every step changes nothing when it is repeated, and a table in use refuses it at once and is left alone', async () => {
  const { database, step, store } = await setup(3)
  for (const one of [
    'expand',
    'guard',
    'guard',
    'unguard',
    'unguard',
    'quarantine',
    'quarantine',
    'restore',
    'restore',
    'retract',
    'retract',
  ] as const)
    await step(one)
  const before = await store.stand(change)
  await database.transaction(async tx => {
    await tx.query(`select from person where id = 'p00001' for update`)
    await assert.rejects(step('expand'), error => sqlState(error) === '55P03')
  })
  assert.deepEqual(await store.stand(change), before)
})

for (const when of ['before', 'after'] as const) {
  test(`filling that dies ${when} any statement goes on where it was, and fills each row once`, async () => {
    const { database, step, begin, fill, store } = await setup(450)
    await step('expand')
    await step('guard')
    for (let at = 0, crashed = true; crashed; at++) {
      await database.query('update person set first = null, last = null')
      await step('guard')
      await begin(`run-${at}`)
      const dying = crashing(database, at, when)
      const over = openColumnStore(dying.database)
      await (async () => {
        while (await fillPage(over, change));
      })().catch(() => undefined)
      crashed = dying.crashed()
      await fill()
      const job = await store.job(change)
      assert.deepEqual([job?.state, job?.total, job?.filled], ['done', 450, 450], `statement ${at}`)
      assert.equal((await compareColumns(store, change)).different, 0)
    }
  })
}

test('rows that were written with the new columns alone have the old one again on the way back', async () => {
  const { as, step, begin, fill, store, check, standing } = await setup(3)
  await step('expand')
  await begin()
  await fill()
  await check()
  await assert.rejects(as('only').write('a', 'Ada Lovelace'), error => sqlState(error) === '23502')
  await step('relax')
  await as('only').write('a', 'Ada Lovelace')
  await step('quarantine')
  await as('only').rename('p00002', 'Jean Paul')
  await step('restore')
  await begin('r-1', 'back')
  await fill()
  await step('tighten')
  assert.deepEqual(await Promise.all(['a', 'p00001', 'p00002'].map(id => as('old').read(id))), ['Ada Lovelace', 'A 1', 'Jean Paul'])
  assert.equal((await compareColumns(store, change)).different, 0)
  assert.deepEqual([(await standing()).relaxed, (await store.job(change))?.filled], [false, 2])
})

test('a row that was written with both forms while rows are filled keeps what it was given', async () => {
  const { as, step, begin, fill, store } = await setup(450)
  await step('expand')
  await begin()
  await fillPage(store, change)
  await as('both').rename('p00300', 'New Name')
  await fill()
  assert.equal(await as('new').read('p00300'), 'New Name')
  assert.equal((await compareColumns(store, change)).different, 0)
})

test('a row whose forms differ is found, by its key', async () => {
  const { database, step, begin, fill, store } = await setup(10)
  await step('expand')
  await begin()
  await fill()
  await database.query(`update person set last = 'other' where id = 'p00007'`)
  assert.deepEqual(await compareColumns(store, change), { rows: 10, different: 1, keys: ['p00007'] })
})

test('who reaches for the old column without knowing of the change is named, by instance and place in the code', async () => {
  const { database, as, step, store, standing } = await setup(2)
  await step('expand')
  const watch = openColumnWatch([change], systemClock)
  const watched = watch.watched(database)
  const { read } = openColumns(change, 'both')
  await watched.query(`select ${read} from person where id = $1`, ['p00001'])
  await watched.query('select id from person', [])
  await watch.tell(store, 'people-1')
  assert.deepEqual((await standing()).uses, [])
  for (let times = 0; times < 2; times++) await watched.transaction(tx => tx.query('select name from person order by id', []))
  await watch.tell(store, 'people-1')
  const { uses, quietMs } = await standing()
  assert.deepEqual(
    uses.map(({ who, count }) => [who, count]),
    [['people-1', 2]],
  )
  assert.match(uses[0]?.what ?? '', /^cutover\/columns\/columns\.db\.test\.ts:\d+$/)
  assert.ok(quietMs !== null)
  // In quarantine it is refused, and noted all the same.
  await step('quarantine')
  await assert.rejects(watched.query('select name from person order by id', []), error => sqlState(error) === '42703')
  await watch.tell(store, 'people-1')
  assert.equal((await standing()).uses[0]?.count, 1)
  await step('restore')
  assert.equal(await as('old').read('p00002'), 'A 2')
})
