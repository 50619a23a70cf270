import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { PostgresPool } from 'kysely'
import type { Database } from './database.ts'

/** A line of numbered SQL files, `0001_ledger.sql`; each owner has its own line and its own record of what was run. */
export interface Migrations {
  readonly name: string
  readonly folder: string
}

/**
 * Runs what has not been run yet, line after line. Processes may race: one runs, the others wait and find nothing to
 * do. A file that was run and has changed since is refused, because other databases already hold what it said before.
 */
export async function installMigrations(database: Database, lines: readonly Migrations[]): Promise<void> {
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: await poolOf(database) }) })
  await kysely.connection().execute(async connection => {
    await sql`create table if not exists migration_digest (line text, name text, digest text not null, primary key (line, name))`
      .execute(connection)
      .catch(ignoreRace)
  })
  for (const line of lines) {
    const files = await read(line)
    await refuseChanged(database, line, files)
    const provider = { getMigrations: async () => Object.fromEntries(files.map(file => [file.name, toMigration(line, file)])) }
    const migrator = new Migrator({
      db: kysely,
      provider,
      migrationTableName: `migration_${line.name}`,
      migrationLockTableName: `migration_${line.name}_lock`,
    })
    const { error, results } = await migrator.migrateToLatest()
    if (error !== undefined) {
      const failed = results?.find(result => result.status === 'Error')?.migrationName ?? 'the first file'
      throw new Error(
        `${line.name}: ${failed} could not be run and was rolled back: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      )
    }
  }
}

interface File {
  readonly name: string
  readonly text: string
  readonly digest: string
}

async function read(line: Migrations): Promise<File[]> {
  const names = (await readdir(line.folder)).filter(name => /^\d{4}_[\w-]+\.sql$/.test(name)).toSorted()
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

/** Two processes that create the same table at once: one of them loses, and the table is there. */
function ignoreRace(error: unknown): void {
  if (!['23505', '42P07'].includes(String((error as { code?: unknown }).code))) throw error
}

/** Kysely wants a pool of its own making; it gets connections of ours, one at a time. */
async function poolOf(database: Database): Promise<PostgresPool> {
  return {
    async connect() {
      const client = await database.connect()
      return Object.assign(client, { release: () => void client.end() })
    },
    end: async () => undefined,
  } as unknown as PostgresPool
}
