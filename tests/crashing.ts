import type { Database, Tx } from '../cutover/database/database.ts'

/** The process that used the database is gone: whoever catches this lets it pass. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

export interface Crashing {
  readonly database: Database
  /** Whether the crash has come; a run that ends without it has had all of its statements. */
  readonly crashed: () => boolean
}

/**
 * A database whose user crashes at its statement number `at` (from 0): before it is sent, or after it was done but before
 * anybody knew. The connection of an open transaction is ended by the server, so that it is the server which undoes it.
 */
export function crashing(database: Database, at: number, when: 'before' | 'after'): Crashing {
  let next = 0
  let over = false
  const through =
    (query: Tx['query'], end: () => Promise<unknown>): Tx['query'] =>
    async (text, values) => {
      if (over) throw new Crash('the process is gone')
      const mine = next++ === at
      if (mine && when === 'before') over = true
      const result = over ? undefined : await query(text, values)
      if (mine) over = true
      if (result !== undefined && !over) return result as never
      await end()
      throw new Crash(`crashed ${when} ${text.trim().slice(0, 60)}`)
    }
  return {
    crashed: () => over,
    database: {
      ...database,
      query: through(database.query, async () => undefined),
      transaction: (work, begin) =>
        database.transaction(async tx => {
          // Answers with an error, because it ends the connection that would carry its answer.
          const end = (): Promise<unknown> => tx.query('select pg_terminate_backend(pg_backend_pid())', []).catch(() => undefined)
          return work({ query: through(tx.query, end) })
        }, begin),
    },
  }
}
