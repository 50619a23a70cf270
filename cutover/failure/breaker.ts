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

/** Leave to make one call. Whoever got it says once how the call went. */
export interface Leave {
  succeeded(): void
  failed(): void
}

/** How a breaker stands, for operators: times in milliseconds since 1970. */
export interface BreakerView {
  readonly state: BreakerState['is']
  /** Since when it has not been closed; null while it is. */
  readonly sinceMs: number | null
  /** When the next probe is let through; null while it is closed, or the probe is under way. */
  readonly probeAtMs: number | null
  /** How often it has come to be each, since the process started. */
  readonly transitions: Readonly<Record<BreakerState['is'], number>>
}

/** A breaker for one process: the state and the ports put together. */
export interface Breaker {
  /** Leave to call, or undefined when nobody may. While it is half-open one has it, and only that one decides what comes next. */
  enter(): Leave | undefined
  /** Whether `enter` would give leave now. */
  willing(): boolean
  state(): BreakerState
  view(): BreakerView
}

export function openBreaker(options: BreakerOptions, clock: Clock, random: Random): Breaker {
  let state: BreakerState = closed
  let sinceMs: number | null = null
  const transitions = { closed: 0, open: 0, 'half-open': 0 }

  function become(next: BreakerState): void {
    const turned = next.is !== state.is
    state = next
    if (!turned) return
    transitions[next.is]++
    sinceMs = next.is === 'closed' ? null : (sinceMs ?? clock.now())
  }

  return {
    enter() {
      if (!allows(state, clock.now())) return undefined
      become(begun(state))
      // A call that began before the last turn says nothing about now: neither does it close, nor is it the probe's failure.
      const turns = turnsOf(transitions)
      const counts = (): boolean => turnsOf(transitions) === turns
      return {
        succeeded: () => void (counts() && become(closed)),
        failed: () => void (counts() && become(failed(state, options, clock.now(), random))),
      }
    },
    willing: () => allows(state, clock.now()),
    state: () => state,
    view: () => ({ state: state.is, sinceMs, probeAtMs: state.is === 'open' ? state.until : null, transitions: { ...transitions } }),
  }
}

const turnsOf = (transitions: BreakerView['transitions']): number => transitions.closed + transitions.open + transitions['half-open']
