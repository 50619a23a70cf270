import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { PostgresPool } from 'kysely'
import { type Database, sqlState } from './database.ts'

/** How often a line is tried while another process holds its lock; each try waits for as long as the connection's lock time-out, 10 s. */
const attemptsMax = 12
/** For one file. An index on a large table takes its time. */
const statementTimeout = '10min'

/** A line of numbered SQL files, `0001_ledger.sql`; each owner has its own line and its own record of what was run. */
export interface Migrations {
  readonly name: string
  readonly folder: string
}

/**
 * Runs what has not been run yet, line after line; a line is run whole or not at all. Processes may race: one runs, the
 * others wait and find nothing to do. A file that was run and has changed or vanished since is refused, because other
 * databases already hold what it said; so is a file whose name is no number and name, and a number used twice. What a
 * newer build has run beyond the last file here is let be.
 */
export async function installMigrations(database: Database, lines: readonly Migrations[]): Promise<void> {
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: await poolOf(database) }) })
  await database.transaction(async tx => {
    // "If not exists" does not say so when two create it at once: one at a time.
    await tx.query('select pg_advisory_xact_lock(1129665615, 4)')
    await tx.query('create table if not exists migration_digest (line text, name text, digest text not null, primary key (line, name))')
  })
  for (const line of lines) {
    const files = await read(line)
    await refuseChanged(database, line, files)
    const ahead = await runByNewerBuilds(database, line, files)
    const migrations = [...files.map(file => [file.name, toMigration(line, file)] as const), ...ahead.map(name => [name, done] as const)]
    const provider = { getMigrations: async () => Object.fromEntries(migrations) }
    const migrator = new Migrator({
      db: kysely,
      provider,
      migrationTableName: `migration_${line.name}`,
      migrationLockTableName: `migration_${line.name}_lock`,
    })
    await runLine(line, migrator)
  }
}

/** The files that this build has and that have not been run here, as `line/file`. */
export async function pendingMigrations(database: Pick<Database, 'query'>, lines: readonly Migrations[]): Promise<readonly string[]> {
  const known = async (): Promise<{ file: string }[]> =>
    (await database.query<{ file: string }>(`select line || '/' || name as file from migration_digest`, [])).rows
  const rows = await known().catch(error => {
    // The very first start: there is not even the table.
    if (sqlState(error) === '42P01') return []
    throw error
  })
  const run = new Set(rows.map(row => row.file))
  const files = await Promise.all(lines.map(async line => (await read(line)).map(({ name }) => `${line.name}/${name}`)))
  return files.flat().filter(file => !run.has(file))
}

async function runLine(line: Migrations, migrator: Migrator): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { error, results } = await migrator.migrateToLatest()
    if (error === undefined) return
    const failed = results?.find(result => result.status === 'Error')?.migrationName
    // Waiting for whoever runs it now, not for a table that a file wants.
    if (failed === undefined && sqlState(error) === '55P03' && attempt < attemptsMax) continue
    const reason = error instanceof Error ? error.message : 'unknown reason'
    throw new Error(
      failed === undefined
        ? `${line.name}: the files of ${line.folder} could not be run: ${reason}`
        : `${line.name}: ${failed} could not be run and was rolled back: ${reason}`,
      { cause: error },
    )
  }
}

/**
 * The files that a newer build has run here and that this one does not know: it starts all the same, because builds run
 * side by side while one replaces the other, and what a build adds to the database its predecessor has to bear.
 */
async function runByNewerBuilds(database: Database, line: Migrations, files: readonly File[]): Promise<string[]> {
  const newest = files.at(-1)?.name
  if (newest === undefined) return []
  const { rows } = await database.query<{ name: string }>('select name from migration_digest where line = $1 and name > $2 order by name', [
    line.name,
    newest,
  ])
  return rows.map(row => row.name)
}

/** Stands for a file that has been run: it is never run here. */
const done: Migration = {
  async up() {
    throw new Error('this file belongs to a newer build, which has run it')
  },
}

interface File {
  readonly name: string
  readonly text: string
  readonly digest: string
}

async function read(line: Migrations): Promise<File[]> {
  const names = (await readdir(line.folder)).filter(name => name.endsWith('.sql')).toSorted()
  const wrong = names.filter((name, index) => !/^\d{4}_[\w-]+\.sql$/.test(name) || names[index - 1]?.slice(0, 4) === name.slice(0, 4))
  if (wrong.length > 0) {
    throw new Error(
      `${line.name}: ${wrong.join(', ')} in ${line.folder} must be named NNNN_name.sql, each number once; rename and start again`,
    )
  }
  return Promise.all(
    names.map(async name => {
      const text = await readFile(join(line.folder, name), 'utf8')
      return { name: name.slice(0, -'.sql'.length), text, digest: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

const toMigration = (line: Migrations, file: File): Migration => ({
  async up(db) {
    await sql.raw(file.text).execute(db)
    await sql`insert into migration_digest values (${line.name}, ${file.name}, ${file.digest})`.execute(db)
  },
})

async function refuseChanged(database: Database, line: Migrations, files: readonly File[]): Promise<void> {
  const { rows } = await database.query<{ name: string; digest: string }>('select name, digest from migration_digest where line = $1', [
    line.name,
  ])
  const changed = rows.filter(row => files.some(file => file.name === row.name && file.digest !== row.digest))
  if (changed.length === 0) return
  throw new Error(
    `${line.name}: ${changed.map(row => row.name).join(', ')} was changed after it had been run here; undo the change and add the next number`,
  )
}

/** Kysely wants a pool of its own making; it gets connections of ours, one at a time. */
async function poolOf(database: Database): Promise<PostgresPool> {
  return {
    async connect() {
      const client = await database.connect()
      await client.query(`set statement_timeout = '${statementTimeout}'`)
      return Object.assign(client, { release: () => void client.end() })
    },
    end: async () => undefined,
  } as unknown as PostgresPool
}
