import type { Database } from '../database/database.ts'
import type { RegisteredVersion, RegistryStore } from './store.ts'

export const openRegistryStore = (database: Database): RegistryStore => ({
  async register(versions) {
    await database.query(
      `insert into registered_version (event, version, digest) select * from unnest($1::text[], $2::int[], $3::text[]) on conflict do nothing`,
      [versions.map(one => one.event), versions.map(one => one.version), versions.map(one => one.digest)],
    )
    return this.all()
  },
  async all() {
    const { rows } = await database.query<RegisteredVersion>('select event, version, digest from registered_version', [])
    return rows
  },
})
