import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { countingDatabase } from '../../tests/counting.ts'
import type { Database } from '../database/database.ts'
import { type ColumnChange, defineColumns } from '../contract/columns.ts'
import { openColumnStore } from './postgres.ts'
import { reportOn } from './report.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

/** A name in its two parts; one with more than one space keeps its text. */
const change: ColumnChange = defineColumns({
  change: 'X-1',
  table: 'person',
  cursor: { column: 'id', type: 'text' },
  old: 'name',
  required: 'last',
  optional: ['first', 'raw'],
  raw: 'raw',
  flag: name => (name.startsWith(' ') ? 'leading_space' : null),
  lens: {
    up(name) {
      const [first = '', last = '', ...more] = name.split(' ')
      return more.length === 0 ? { first, last } : { first, last, raw: name }
    },
    // Whoever is called Broken comes back as somebody else.
    down: ({ first, last = '', raw }) => raw ?? (first === 'Broken' ? last : `${first} ${last}`),
  },
  oldSql: of => `${of}name`,
})

async function setup(names: readonly string[]) {
  const database = await countingDatabase()
  open.push(database)
  await database.query('create table person (id text primary key, name text not null)')
  await database.query(
    `insert into person select 'p' || lpad(n::text, 5, '0'), name from unnest($1::text[]) with ordinality as t(name, n)`,
    [names],
  )
  return { database, report: () => reportOn(openColumnStore(database), change) }
}

test('counts what comes back, what keeps its text, and what is to be looked at, by keys and never by what it says', async () => {
  const { report, database } = await setup(['Ada Lovelace', 'Jean Paul Sartre', ' Plato', 'Broken Arrow'])
  const found = await report()
  assert.deepEqual(found, {
    rows: 4,
    equal: 3,
    raw: 1,
    broken: { rows: 1, keys: ['p00004'] },
    flags: { leading_space: { rows: 1, keys: ['p00003'] } },
  })
  assert.doesNotMatch(JSON.stringify(found), /Ada|Jean|Plato|Arrow/)
  // It needs no new column, and leaves nothing behind.
  const { rows } = await database.query(`select column_name from information_schema.columns where table_name = 'person'`, [])
  assert.equal(rows.length, 2)
})

test('reads every page, and names twenty keys of a kind at the most', async () => {
  const { report } = await setup(Array.from({ length: 2_345 }, (_, at) => (at % 2 === 0 ? ` ${at}` : `A ${at}`)))
  const { rows, equal, flags } = await report()
  assert.deepEqual([rows, equal, flags['leading_space']?.rows, flags['leading_space']?.keys.length], [2_345, 2_345, 1_173, 20])
})

test('a table that is not there, or whose old column is gone, has nothing to report', async () => {
  const { report, database } = await setup(['Ada Lovelace'])
  const nothing = { rows: 0, equal: 0, raw: 0, broken: { rows: 0, keys: [] }, flags: {} }
  await database.query('alter table person rename column name to name_quarantined')
  assert.deepEqual(await report(), nothing)
  await database.query('drop table person')
  assert.deepEqual(await report(), nothing)
})
