import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Database, openDatabase } from '../database/database.ts'
import type { Audit, AuditRow } from './audit.ts'
import { freshDatabase } from '../../tests/database.ts'
import { auditOver } from './postgres.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

const rowsMax = 2_000

async function setup(): Promise<Audit> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 2, onIdleError: () => undefined })
  open.push(database)
  await database.query(
    'create table solved (id text primary key, task text not null, person text, score int not null, unique (task, person))',
  )
  await database.query(
    `insert into solved select lpad(n::text, 6, '0'), 't' || n % 40, 'p' || n / 40, n % 7 from generate_series(1, ${rowsMax}) as n`,
  )
  await database.query('analyze solved')
  return auditOver(database, {
    link: 'L-1',
    side: 'fact',
    from: 'solved where score > 0',
    cursor: { column: 'id', type: 'text' },
    key: [
      { column: 'task', type: 'text' },
      { column: 'person', type: 'text' },
    ],
    content: { score: 'score' },
  })
}

async function readAll(audit: Audit, limit: number): Promise<AuditRow[]> {
  const all: AuditRow[] = []
  for (let after: string | null = null; ;) {
    const page = await audit.page(after, limit)
    all.push(...page.rows)
    if (page.next === null) return all
    after = page.next
  }
}

test('pages of any size show every row once', async () => {
  const audit = await setup()
  const expected = Array.from({ length: rowsMax }, (_, n) => n + 1)
    .filter(n => n % 7 > 0)
    .map(n => `t${n % 40}:p${Math.floor(n / 40)}`)
  for (const limit of [1_000, 97]) {
    const all = await readAll(audit, limit)
    assert.deepEqual(
      all.map(row => row.key),
      expected,
    )
  }
  assert.deepEqual((await audit.page(null, 1)).rows, [{ key: 't1:p0', content: { score: 1 } }])
})

test('rows are found by their keys, and keys of another shape find nothing', async () => {
  const audit = await setup()
  assert.deepEqual((await audit.find(['t1:p0', 't7:p0', 't9:p0', 't1:p0:x', 't1', ''])).map(row => row.key).toSorted(), ['t1:p0', 't9:p0'])
})
