import { fileURLToPath } from 'node:url'
import { type Database, isTransient } from '../database/database.ts'
import { installMigrations, type Migrations } from '../database/install.ts'
import { defaultPartitions, ensurePartitions } from '../outbox/partitions.ts'
import { systemClock } from '../process/clock.ts'
import { registerVersions } from '../registry/registry.ts'
import { installSwitches } from '../switch/switch.ts'
import type { ServiceDefinition } from './definition.ts'
import type { Stores } from './stores.ts'

const librarySql = fileURLToPath(new URL('../sql', import.meta.url))
const startAttemptsMax = 60

export const migrationsOf = (definition: ServiceDefinition): readonly Migrations[] => [
  { name: 'cutover', folder: librarySql },
  { name: definition.name, folder: definition.migrations },
]

/** Everything that the database must hold before the first request. Waits for a database that is still starting. */
export async function install(database: Database, stores: Stores, definition: ServiceDefinition): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await database.answers()
      break
    } catch (error) {
      if (!isTransient(error) || attempt >= startAttemptsMax) throw error
      await systemClock.sleep(250)
    }
  }
  await installMigrations(database, migrationsOf(definition))
  await ensurePartitions(stores.outbox, defaultPartitions)
  await registerVersions(stores.registry, definition.events)
  await installSwitches(stores.switch, definition.name, definition.links)
}
