import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { type Database, openDatabase } from 'cutover/database'
import { openColumns } from 'cutover/columns/access'
import { freshDatabase } from '../../tests/database.ts'
import { titleColumns } from './title-columns.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

test('what the database makes of the new columns is to the byte what the lens makes of them, and what was written', async () => {
  const database = openDatabase({ url: (await freshDatabase()).url, name: 'test', connectionsMax: 2, onIdleError: () => undefined })
  open.push(database)
  const columns = openColumns(titleColumns('task', 'task_id'), 'only')
  await database.query('create table task (task_id text primary key, title_text text not null, knowledge_area text, title_raw text)')
  const anyTitle = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('[', ']', ' ', 'a', '［', '🎓', '\u202E', '\u0301') }),
    fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })).map(([area, title]) => `[${area}] ${title}`),
  )
  // What a database cannot hold has been refused at the edge.
  const titles = fc.sample(
    anyTitle.filter(title => !title.includes('\0') && title.isWellFormed()),
    2_000,
  )
  await database.query(
    `insert into task (task_id, ${columns.written}) select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])`,
    [titles.map((_, at) => String(at)), ...[0, 1, 2].map(at => titles.map(title => columns.values(title)[at] ?? null))],
  )
  const { rows } = await database.query<{ task_id: string; whole: string }>(
    `select task_id, ${columns.expression} as whole, ${columns.read} from task`,
    [],
  )
  assert.equal(rows.length, titles.length)
  for (const row of rows) {
    const written = titles[Number(row.task_id)]
    assert.equal(row.whole, written)
    assert.equal(columns.text(row), written)
  }
})
