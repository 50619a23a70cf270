import type { GateView, RunState, RunVerb, StepState } from '../api/plan.ts'

/** What is stored of a run, as far as deciding goes. */
export interface RunFacts {
  readonly heading: 'forward' | 'back' | 'complete'
  readonly paused: boolean
  readonly ended: 'reverted' | 'completed' | null
}

export interface StepFacts {
  readonly state: StepState
  /** Cannot be undone. */
  readonly final: boolean
  readonly gate: GateView | null
  /** When its action had been done; null before. */
  readonly appliedAt: Date | null
}

/** What to do next with the verb at `place`, or why there is nothing to do. */
export type Next =
  | { readonly do: 'begin' | 'apply' | 'settle' | 'begin back' | 'apply back' | 'settle back'; readonly place: number }
  | { readonly do: 'end'; readonly as: 'reverted' | 'completed' }
  | { readonly do: 'rest' }

/** The order of all things in a run: pure. */
export function nextOf(run: RunFacts, steps: readonly StepFacts[]): Next {
  if (run.ended !== null || run.paused || steps.some(step => step.state === 'failed')) return { do: 'rest' }
  if (run.heading === 'back') {
    const place = steps.findLastIndex(step => step.state !== 'pending' && step.state !== 'reverted')
    if (place === -1) return { do: 'end', as: 'reverted' }
    const { state } = steps[place] as StepFacts
    return { do: state === 'reverting' ? 'apply back' : state === 'unsettling' ? 'settle back' : 'begin back', place }
  }
  const place = steps.findIndex(step => step.state !== 'done')
  if (place === -1) return { do: 'end', as: 'completed' }
  const { state, final } = steps[place] as StepFacts
  if (final && run.heading === 'forward') return { do: 'rest' }
  return { do: state === 'applying' ? 'apply' : state === 'settling' ? 'settle' : 'begin', place }
}

/** Whether all that can be undone is done, and nothing that cannot. */
function isFinished(run: RunFacts, steps: readonly StepFacts[]): boolean {
  const final = steps.findIndex(step => step.final)
  const beyond = final === -1 ? steps.length : final
  return run.heading === 'forward' && steps.every((step, at) => step.state === (at < beyond ? 'done' : 'pending'))
}

export function stateOf(run: RunFacts, steps: readonly StepFacts[]): RunState {
  if (run.ended !== null) return run.ended
  if (steps.some(step => step.state === 'failed')) return 'failed'
  if (isFinished(run, steps)) return 'finished'
  if (run.paused) return 'paused'
  // A step may also wait before it has begun: what it has to look at first is away.
  const waits = steps.some(({ state, gate }) => state !== 'done' && state !== 'reverted' && gate !== null && gate.verdict !== 'pass')
  return waits ? 'waiting' : 'running'
}

/** Whether something was done, or may have been, that cannot be undone. A step that was refused has done nothing. */
export const isPastNoReturn = (steps: readonly StepFacts[]): boolean =>
  steps.some(step => step.final && step.state !== 'pending' && step.state !== 'reverted' && !isRefused(step))

const isRefused = ({ state, appliedAt, gate }: StepFacts): boolean =>
  state === 'failed' && appliedAt === null && gate?.waits_for?.code === 'step_refused'

/** The orders that the run takes now. */
export function ordersOf(run: RunFacts, steps: readonly StepFacts[]): readonly RunVerb[] {
  const state = stateOf(run, steps)
  if (state === 'reverted' || state === 'completed') return []
  const orders: RunVerb[] = []
  if (state === 'running' || state === 'waiting') orders.push('pause')
  if (state === 'paused' || state === 'failed') orders.push('resume')
  if (run.heading !== 'back' && !isPastNoReturn(steps)) orders.push('revert')
  if (state === 'finished') orders.push('complete')
  return orders
}
