import type { EventContract } from 'cutover/contract'
import { canonicalJson } from 'cutover/contract/json'
import type { Database } from 'cutover/database'
import { documentDigest } from 'cutover/registry'
import type { Registry } from '../plan/world.ts'

/** The registry in the engine's database: documents as they were released, found by event and version. */
export const openRegistry = (database: Database, events: readonly EventContract[]): Registry => ({
  async has(event, version) {
    const { rows } = await database.query<{ run: string | null }>('select run from registered_event where event = $1 and version = $2', [
      event,
      version,
    ])
    return rows[0] ?? null
  },
  async add(event, version, run) {
    const document = events.find(one => one.name === event)?.versions[version]
    if (document === undefined) throw new Error(`${event} v${version} is not an event of this system`)
    await database.query(
      `insert into registered_event (event, version, digest, document, run) values ($1, $2, $3, $4, $5) on conflict do nothing`,
      [event, version, documentDigest(document), canonicalJson(document), run],
    )
  },
  async remove(event, version) {
    await database.query('delete from registered_event where event = $1 and version = $2', [event, version])
  },
})
