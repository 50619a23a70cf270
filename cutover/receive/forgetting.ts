import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { ReceiveStore } from './store.ts'

/**
 * Longer than any log keeps records, so that a consumer that reads again still finds what became of a fact. Whoever comes
 * later still (a sender restored from an old backup) meets the business keys, which are kept for ever.
 */
const keepDays = 7
const idleMs = 60_000
const busyMs = 100

/** Throws away receipts that nobody compares any more. What was refused is kept: a refusal is final, and has no other trace. */
export interface Forgetting {
  /** A sender compares from beyond this position on: every fact of its link up to there is terminal, or carried over by it. */
  compares(link: string, beyond: string): void
  run(signal: AbortSignal): Promise<void>
}

export function openForgetting(store: ReceiveStore, clock: Clock, log: Log): Forgetting {
  // In memory only: it is heard again with the next comparison.
  const heard = new Map<string, { beyond: bigint; forgotten: bigint }>()
  let failures = 0

  /** Whether there may be more to do at once. */
  async function forgetSome(): Promise<boolean> {
    let more = false
    for (const [link, at] of heard) {
      const through = await store.forget(link, at.forgotten, at.beyond, keepDays)
      if (through > at.forgotten) more = true
      at.forgotten = through
    }
    return more
  }

  return {
    compares(link, beyond) {
      const at = heard.get(link)
      if (at === undefined) heard.set(link, { beyond: BigInt(beyond), forgotten: 0n })
      else at.beyond = BigInt(beyond)
    },
    async run(signal) {
      while (!signal.aborted) {
        const more = await forgetSome().then(
          some => {
            failures = 0
            return some
          },
          (error: unknown) => {
            if (failures++ === 0) log.warn({ err: error }, 'receipts: old ones are thrown away later')
            return false
          },
        )
        await clock.sleep(more ? busyMs : idleMs, signal)
      }
    },
  }
}
