import { keptHours } from '../http/server.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { IdempotencyStore } from './store.ts'

const batchMax = 1_000
const idleMs = 60_000
const busyMs = 100

/** Throws away the answers to repeatable requests a day after they were given, in small batches beside everything else. */
export async function forgetAnswers(store: IdempotencyStore, clock: Clock, log: Log, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const gone = await store.forget(keptHours, batchMax).then(
      count => {
        failures = 0
        return count
      },
      (error: unknown) => {
        if (failures++ === 0) log.warn({ err: error }, 'idempotency: old answers are thrown away later')
        return 0
      },
    )
    await clock.sleep(gone === batchMax ? busyMs : idleMs, signal)
  }
}
