import type { Clock } from '../process/clock.ts'
import type { Database, Tx } from './database.ts'

/** The same database; `sent` is told of every statement before it is sent, `took` of how many milliseconds it took. */
export function watched(database: Database, clock: Clock, sent: (text: string) => void, took: (ms: number) => void): Database {
  const through = (tx: Tx): Tx => ({
    async query(text, values) {
      sent(text)
      const beganMs = clock.now()
      const result = await tx.query<never>(text, values)
      took(clock.now() - beganMs)
      return result
    },
  })
  return { ...database, ...through(database), transaction: (work, begin) => database.transaction(tx => work(through(tx)), begin) }
}
