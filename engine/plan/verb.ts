import type { Figure, Said, Verdict } from '../api/plan.ts'
import type { Condition, State } from './state.ts'
import type { World } from './world.ts'

/** What a gate sees when it looks. Only `pass` lets a run go on; `not_enough_evidence` holds it, for as long as it takes. */
export interface Gate {
  readonly verdict: Verdict
  readonly figures: readonly Figure[]
  /** What it waits for, or what is wrong; null once it has passed. */
  readonly waitsFor: Said | null
  readonly etaMs: number | null
}

/** What an inverse has to know about the state before: ids and numbers. Stored before anything is done. */
export type Memo = Readonly<Record<string, string | number | boolean>>

/**
 * One kind of change, in the same parts whichever it is. Every call may come again after a crash, at any place, also
 * when the one before it had its effect: repeating changes nothing. A call that cannot reach a service throws the
 * problem `service_away`; the run then waits and says so.
 */
export interface Verb {
  readonly name: string
  readonly does: Said
  /** What its gate asks for. */
  readonly asks: Said
  /** What no other run may touch meanwhile: `link COMM-040`, `event TaskCompleted`. */
  readonly touches: readonly string[]
  readonly requires: readonly Condition[]
  readonly effects: State
  /** What it would do now. */
  look(world: World): Promise<Said>
  prepare?(world: World): Promise<Memo>
  apply(world: World, memo: Memo): Promise<void>
  settled(world: World, memo: Memo): Promise<Gate>
  /** Null where nothing is changed, so that nothing has to be undone. */
  readonly inverse: Inverse | NoReturn | null
}

export interface Inverse {
  readonly does: Said
  /** Tries the inverse without effect: null when it would work now, else why not. Part of the step's gate. */
  rehearse(world: World, memo: Memo): Promise<Said | null>
  apply(world: World, memo: Memo): Promise<void>
  /** Whether it is undone, so that the step before it may be undone too. */
  settled(world: World, memo: Memo): Promise<Gate>
}

/** Why there is no way back from here. */
export interface NoReturn {
  readonly noReturn: Said
}

export const isInverse = (inverse: Verb['inverse']): inverse is Inverse => inverse !== null && 'rehearse' in inverse

export const said = (code: string, params: Said['params'] = {}): Said => ({ code, params })

export const passed = (figures: readonly Figure[] = []): Gate => ({ verdict: 'pass', figures, waitsFor: null, etaMs: null })
export const holds = (waitsFor: Said, figures: readonly Figure[] = [], etaMs: number | null = null): Gate => ({
  verdict: 'not_enough_evidence',
  figures,
  waitsFor,
  etaMs,
})
export const failed = (waitsFor: Said, figures: readonly Figure[] = []): Gate => ({ verdict: 'fail', figures, waitsFor, etaMs: null })

/** A figure with what the gate asks of it. */
export const atLeast = (name: string, value: number, wanted: number): Figure => ({
  name: `figure_${name}`,
  value,
  wanted,
  rule: 'at_least',
})
export const atMost = (name: string, value: number, wanted: number): Figure => ({ name: `figure_${name}`, value, wanted, rule: 'at_most' })
export const shown = (name: string, value: number): Figure => ({ name: `figure_${name}`, value, wanted: null, rule: null })
