import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Kafka, startKafka } from '@cutover/sandbox/kafka'
import { startPostgres } from '@cutover/sandbox/postgres'
import { type Database, openDatabase } from '../cutover/database/database.ts'
import { installMigrations } from '../cutover/database/install.ts'

const folderOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
export const librarySql = { name: 'cutover', folder: folderOf('cutover/sql') }
export const bonusesSql = { name: 'bonuses', folder: folderOf('school/bonuses/db') }

/** The server that everything is measured on: embedded, with the settings of `npm start`, and empty. */
export interface Place {
  /** What matters about it, for the reader of the figures. */
  readonly settings: string
  /** A database of its own for one contender, with these tables. */
  database(name: string, migrations?: readonly { name: string; folder: string }[]): Promise<Database>
  url(name: string): Promise<string>
  /** Three Kafka brokers, started when they are first wanted; answers with where they are. */
  kafka(): Promise<readonly string[]>
  /** Between runs: dead rows and a due checkpoint of one run are not paid for by the next. */
  settle(): Promise<void>
  stop(): Promise<void>
}

const connectionsMax = 20

export async function openPlace(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-bench-'))
  const postgres = await startPostgres({ directory, port: 0, temporary: true })
  const connect = (url: string, name: string): Database => openDatabase({ url, name, connectionsMax, onIdleError: () => undefined })
  const administrator = connect(postgres.adminUrl, 'bench')
  const open: Database[] = []
  let kafka: Promise<Kafka> | undefined
  const { rows } = await administrator.query<{ settings: string }>(
    `select 'PostgreSQL ' || current_setting('server_version') || ', ' || string_agg(name || ' ' || setting || coalesce(unit, ''), ', ' order by name) as settings
       from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size')`,
  )
  return {
    settings: rows[0]?.settings ?? '',
    async database(name, migrations = []) {
      const database = connect(await postgres.ensureDatabase(name), 'bench')
      open.push(database)
      await installMigrations(database, migrations)
      return database
    },
    url: name => postgres.ensureDatabase(name),
    async kafka() {
      kafka ??= startKafka({ directory: await mkdtemp(join(tmpdir(), 'cutover-bench-kafka-')), temporary: true })
      return (await kafka).brokers
    },
    async settle() {
      for (const database of open) await database.query('vacuum (analyze, skip_locked)')
      await administrator.query('checkpoint')
    },
    async stop() {
      await Promise.all([administrator, ...open].map(database => database.close()))
      await (await kafka?.catch(() => undefined))?.stop()
      await postgres.stop()
    },
  }
}
