import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freshDatabase } from '../../tests/database.ts'
import { type Database, openDatabase } from './database.ts'
import { installMigrations, type Migrations } from './install.ts'

const open: Database[] = []
const folders: string[] = []
after(async () => {
  for (const database of open) await database.close()
  for (const folder of folders) await rm(folder, { recursive: true })
})

const connect = (url: string): Database => {
  const database = openDatabase({ url, name: 'test', connectionsMax: 2, onIdleError: () => undefined })
  open.push(database)
  return database
}

const setup = async (): Promise<{ database: Database; url: string }> => {
  const { url } = await freshDatabase()
  return { url, database: connect(url) }
}

async function line(name: string, files: Readonly<Record<string, string>>): Promise<Migrations> {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-install-'))
  folders.push(folder)
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
  return { name, folder }
}

const one = { '0001_one.sql': 'create table one (n int); insert into one values (1)' }

test('files run in the order of their numbers, each once, several statements to a file', async () => {
  const { database } = await setup()
  const first = await line('first', { ...one, '0002_more.sql': 'insert into one select n + 1 from one' })
  await installMigrations(database, [first])
  await installMigrations(database, [first])
  await writeFile(join(first.folder, '0003_again.sql'), 'insert into one select n + 10 from one')
  await installMigrations(database, [first])
  const { rows } = await database.query<{ n: number }>('select n from one order by n')
  assert.deepEqual(
    rows.map(row => row.n),
    [1, 2, 11, 12],
  )
})

test('lines have numbers of their own and run one after the other', async () => {
  const { database } = await setup()
  const library = await line('library', one)
  const service = await line('service', { '0001_one.sql': 'insert into one values (2)' })
  await installMigrations(database, [library, service])
  const { rows } = await database.query<{ count: number }>('select count(*)::int as count from one')
  assert.equal(rows[0]?.count, 2)
})

test('of processes that start at once one runs the files and all go on', async () => {
  const { url } = await setup()
  const lines = [await line('library', { '0001_one.sql': 'create table one (n int); select pg_sleep(0.1); insert into one values (1)' })]
  const processes = Array.from({ length: 6 }, () => connect(url))
  await Promise.all(processes.map(database => installMigrations(database, lines)))
  const { rows } = await connect(url).query<{ count: number }>('select count(*)::int as count from one')
  assert.equal(rows[0]?.count, 1)
})

test('a file that was run and has changed since is refused by name, and nothing else is run', async () => {
  const { database } = await setup()
  const first = await line('first', one)
  await installMigrations(database, [first])
  await writeFile(join(first.folder, '0001_one.sql'), 'create table one (n bigint)')
  await writeFile(join(first.folder, '0002_two.sql'), 'create table two (n int)')
  await assert.rejects(installMigrations(database, [first]), /first: 0001_one was changed after it had been run here; undo the change/)
  const { rows } = await database.query<{ there: boolean }>(`select to_regclass('two') is not null as there`)
  assert.equal(rows[0]?.there, false)
})

test('a file that was run and has vanished is refused by name', async () => {
  const { database } = await setup()
  const first = await line('first', one)
  await installMigrations(database, [first])
  await rm(join(first.folder, '0001_one.sql'))
  await assert.rejects(installMigrations(database, [first]), /first: .*0001_one/)
})

test('a build starts on what a newer one has run, and runs none of it again', async () => {
  const { database } = await setup()
  const newer = await line('first', { ...one, '0002_two.sql': 'create table two (n int)', '0003_three.sql': 'insert into two values (3)' })
  await installMigrations(database, [newer])
  const older = await line('first', one)
  await installMigrations(database, [older])
  await installMigrations(database, [newer])
  const { rows } = await database.query<{ n: number }>('select n from two')
  assert.deepEqual(rows, [{ n: 3 }])
})

test('a file that fails is named, and leaves nothing behind, so that it can be mended and run', async () => {
  const { database } = await setup()
  const first = await line('first', { ...one, '0002_wrong.sql': 'create table two (n int); insert into nowhere values (1)' })
  await assert.rejects(installMigrations(database, [first]), /first: 0002_wrong could not be run and was rolled back: relation "nowhere"/)
  await writeFile(join(first.folder, '0002_wrong.sql'), 'create table two (n int)')
  await installMigrations(database, [first])
  await database.query('select n from one, lateral (select 1 from two) t')
})

test('a file that would be passed over, or a number used twice, is refused', async () => {
  const { database } = await setup()
  for (const wrong of ['2_two.sql', '0002-two.sql', '0001_other.sql']) {
    await assert.rejects(
      installMigrations(database, [await line('first', { ...one, [wrong]: 'select 1' })]),
      /must be named NNNN_name\.sql/,
    )
  }
})
