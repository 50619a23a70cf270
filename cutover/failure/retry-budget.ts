import type { Clock } from '../process/clock.ts'

export interface RetryBudgetOptions {
  /** What each first call earns: 0.1 lets a tenth of the calls be retries. */
  readonly share: number
  /** Earned by time alone, so that a link with little traffic still gets on. */
  readonly perSecond: number
  /** More is not saved up: a long quiet time buys no storm. */
  readonly max: number
}

/** A token bucket: how many retries the calls of a link can bear, so that retries never become most of the load. */
export interface RetryBudget {
  /** A first call was made. */
  earn(): void
  /** Pays for one retry; false when there is nothing left, and then it is not made now. */
  spend(): boolean
  /** `exhausted`: how often a retry was put off because nothing was left, since the process started. */
  view(): { readonly tokens: number; readonly exhausted: number }
}

/** Opens it full. */
export function openRetryBudget(options: RetryBudgetOptions, clock: Clock): RetryBudget {
  let tokens = options.max
  let exhausted = 0
  let lastMs = clock.now()
  const add = (more: number): void => void (tokens = Math.min(options.max, tokens + more))
  const tick = (): void => {
    const nowMs = clock.now()
    // A clock that is set back gives nothing and takes nothing.
    add((Math.max(0, nowMs - lastMs) / 1_000) * options.perSecond)
    lastMs = nowMs
  }
  return {
    earn: () => add(options.share),
    spend() {
      tick()
      if (tokens < 1) {
        exhausted++
        return false
      }
      tokens--
      return true
    },
    view() {
      tick()
      return { tokens: Math.floor(tokens), exhausted }
    },
  }
}
