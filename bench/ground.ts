import { fileURLToPath } from 'node:url'
import { openPostgresLog } from '../cutover/broker/postgres/log.ts'
import type { Broker } from '../cutover/broker/broker.ts'
import type { EventContract, LinkContract } from '../cutover/contract/contract.ts'
import { type Database, openDatabase } from '../cutover/database/database.ts'
import { installMigrations } from '../cutover/database/install.ts'
import { ensurePartitions } from '../cutover/outbox/partitions.ts'
import { openSender, type Sender } from '../cutover/outbox/sender.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import { openRegistry, registerVersions } from '../cutover/registry/registry.ts'
import { installSwitches, openSwitchCache } from '../cutover/switch/switch.ts'
import { freshDatabase } from '../tests/database.ts'

export const log = openLog({ service: 'bench', instance: '1', level: 'error' })
const librarySql = fileURLToPath(new URL('../cutover/sql', import.meta.url))

/** Runs `work` with an empty database that is dropped afterwards. */
export async function withDatabase<Result>(connectionsMax: number, work: (database: Database) => Promise<Result>): Promise<Result> {
  const { url, drop } = await freshDatabase()
  const database = openDatabase({ url, name: 'bench', connectionsMax, onIdleError: () => undefined })
  try {
    return await work(database)
  } finally {
    await database.close()
    await drop()
  }
}

export async function withLog<Result>(work: (broker: Broker) => Promise<Result>): Promise<Result> {
  const { url, drop } = await freshDatabase()
  const broker = openPostgresLog({ url, name: 'bench', log })
  try {
    return await work(broker)
  } finally {
    await broker.close()
    await drop()
  }
}

/** A sender of `service` with the library's tables and its switches. */
export async function installSender(
  database: Database,
  service: string,
  events: readonly EventContract[],
  links: readonly LinkContract[],
): Promise<Sender> {
  await installMigrations(database, [{ name: 'cutover', folder: librarySql }])
  await ensurePartitions(database, { rows: 100_000, ahead: 2, keepMinutes: 60 })
  await registerVersions(database, events)
  await installSwitches(database, service, links)
  return openSender({
    service,
    database,
    switches: await openSwitchCache(database),
    links,
    registry: openRegistry(events),
    clock: systemClock,
    random: systemRandom,
    deliverNow: () => undefined,
    committed: () => undefined,
  })
}

export { librarySql }
