import type { Clock, Random } from '../process/clock.ts'
import { fullJitter } from './backoff.ts'

/** Closed: calls go through. Open: none does until `until`. Half-open: one probe is under way and decides. */
export type BreakerState =
  | { readonly is: 'closed'; readonly failures: number }
  | { readonly is: 'open'; readonly until: number; readonly openings: number }
  | { readonly is: 'half-open'; readonly openings: number }

export interface BreakerOptions {
  /** Consecutive failures that open it. */
  readonly failuresMax: number
  /** The first wait while open, doubled at each failed probe up to `maxMs`; half of it is random. */
  readonly firstMs: number
  readonly maxMs: number
}

export const closed: BreakerState = { is: 'closed', failures: 0 }

/** Whether a call may be tried now. Pure, like all decisions here: the clock and chance are arguments. */
export const allows = (state: BreakerState, nowMs: number): boolean =>
  state.is === 'closed' || (state.is === 'open' && nowMs >= state.until)

/** The state once the call that `allows` permitted has begun: the first after an opening is the single probe. */
export const begun = (state: BreakerState): BreakerState => (state.is === 'open' ? { is: 'half-open', openings: state.openings } : state)

export function failed(state: BreakerState, options: BreakerOptions, nowMs: number, random: Random): BreakerState {
  if (state.is === 'open') return state
  const failures = state.is === 'closed' ? state.failures + 1 : options.failuresMax
  if (failures < options.failuresMax) return { is: 'closed', failures }
  const openings = state.is === 'half-open' ? state.openings + 1 : 0
  const wait = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(openings, 30))
  return { is: 'open', until: nowMs + wait / 2 + fullJitter(0, { firstMs: wait / 2, maxMs: wait / 2 }, random), openings }
}

/** A breaker for one process: the state and the ports put together. */
export interface Breaker {
  /** Takes leave to call; false when it may not. Whoever got it must say how it went. */
  enter(): boolean
  succeeded(): void
  failed(): void
  /** Whether `enter` would say yes now. */
  willing(): boolean
  state(): BreakerState
}

export function openBreaker(options: BreakerOptions, clock: Clock, random: Random): Breaker {
  let state: BreakerState = closed
  return {
    enter() {
      if (!allows(state, clock.now())) return false
      state = begun(state)
      return true
    },
    succeeded() {
      // A call that began before the opening says nothing about now.
      if (state.is !== 'open') state = closed
    },
    failed() {
      state = failed(state, options, clock.now(), random)
    },
    willing: () => allows(state, clock.now()),
    state: () => state,
  }
}
