import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { dropDatabase, ensureDatabase } from '@cutover/sandbox/postgres/databases'
import { startPostgres } from '@cutover/sandbox/postgres'

/** A database that belongs to one test. */
export interface TestDatabase {
  /** For its owner, who is no superuser: privileges bind it as they bind a service. */
  readonly url: string
  /** For the administrator of the server, in the same database: to kill sessions, to look into pg_stat_activity. */
  readonly adminUrl: string
  /** Removes it, with whatever is still connected. */
  drop(): Promise<void>
  /** A backup of it as it is now; nobody may be connected. Resolves with what puts it back, whoever is connected. */
  backup(): Promise<() => Promise<void>>
}

export interface FreshDatabaseOptions {
  /** Runs before the database is handed out. */
  readonly migrations?: (url: string) => Promise<void>
}

/**
 * Makes an empty database. The test runner provides the server; a file that is run alone starts one of its
 * own, which goes when the process does.
 */
export async function freshDatabase(options: FreshDatabaseOptions = {}): Promise<TestDatabase> {
  const adminUrl = await server()
  const name = `test_${randomBytes(8).toString('hex')}`
  const administration = { adminUrl, password: new URL(adminUrl).password }
  const url = await ensureDatabase(administration, name)
  await options.migrations?.(url)
  const ofDatabase = new URL(adminUrl)
  ofDatabase.pathname = `/${name}`
  const administer = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: adminUrl })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  return {
    url,
    adminUrl: ofDatabase.href,
    drop: () => dropDatabase(administration, name),
    async backup() {
      await administer(`create database ${name}_backup template ${name}`)
      return async () => {
        await administer(`drop database ${name} with (force)`)
        await administer(`create database ${name} owner ${name} template ${name}_backup`)
      }
    },
  }
}

let own: Promise<string> | undefined

function server(): Promise<string> {
  const given = process.env['CUTOVER_TEST_DATABASE_URL']
  if (given !== undefined && given !== '') return Promise.resolve(given)
  return (own ??= startOwn())
}

async function startOwn(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-test-'))
  const postgres = await startPostgres({ directory, port: 0, temporary: true })
  return postgres.adminUrl
}
