import type { Database } from 'cutover/database'
import type { Gather } from 'cutover/receive/handler'
import { type LinkReader, wake } from 'cutover/service'
import { isManager } from '../../contracts/http/manager.ts'

/**
 * COMM-070 by HTTP: fetches the manager that a booking waits for and opens the account. In the background, never while
 * a caller waits. Names are not kept: a booking needs the account only.
 */
export const gatherManager =
  (database: Database, managers: LinkReader): Gather =>
  async waitsFor => {
    const id = /^manager:(.+)$/.exec(waitsFor)?.[1]
    if (id === undefined) return false
    const manager = await managers.get<unknown>(`/managers/${encodeURIComponent(id)}`)
    if (manager === null) return false
    if (!isManager(manager) || manager.manager_id !== id)
      throw new Error(`management answered COMM-070 for ${id} with something that is not this manager`)
    await database.transaction(async tx => {
      await tx.query('insert into account (account_id, manager_id) values ($1, $2) on conflict do nothing', [
        manager.account_id,
        manager.manager_id,
      ])
      await wake(tx, [waitsFor])
    })
    return true
  }
