import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshDatabase } from '../../tests/database.ts'
import { type Database, isTransient, openDatabase } from './database.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup(): Promise<Database> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 2, onIdleError: () => undefined })
  open.push(database)
  await database.query('create table counted (n integer)')
  return database
}

test('a transaction whose connection is ended from outside between two statements fails, leaves nothing, and the pool goes on', async () => {
  const database = await setup()
  const witness = await database.connect()
  const failing = database.transaction(async tx => {
    await tx.query('insert into counted values (1)')
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid', [])
    // Ended while nothing is asked of it; it is gone when its row in pg_stat_activity is.
    await witness.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    const gone = 'select count(*)::int as there from pg_stat_activity where pid = $1'
    while ((await witness.query<{ there: number }>(gone, [rows[0]?.pid])).rows[0]?.there !== 0);
    await tx.query('insert into counted values (2)')
  })
  try {
    await assert.rejects(failing, isTransient)
  } finally {
    await witness.end()
  }
  assert.deepEqual((await database.query('select * from counted', [])).rows, [])
})
