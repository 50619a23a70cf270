import type { RunStepView, RunVerb, RunView, Said } from '@cutover/engine/api/plan'
import { currentStep } from './open-step.ts'

/** One line of what an order will change: the step, and what is done or undone there; null where there is nothing to. */
export interface Change {
  readonly step: string
  readonly says: Said | null
  /** Why it cannot be undone. */
  readonly noReturn: Said | null
}

/** What this order would change in this run, in the order in which it would happen. */
export function changesOf(run: RunView, verb: RunVerb): readonly Change[] {
  switch (verb) {
    case 'pause': {
      const step = run.steps[currentStep(run)]
      return step === undefined ? [] : [forward(step)]
    }
    case 'resume':
      return run.heading === 'back' ? undoing(run) : run.steps.filter(step => open.has(step.state) && reachable(run, step)).map(forward)
    case 'revert':
      return undoing(run)
    case 'complete':
      return run.steps.filter(step => open.has(step.state)).map(forward)
  }
}

const open = new Set(['pending', 'applying', 'settling', 'failed', 'reverted'])
const touched = new Set(['applying', 'settling', 'done', 'reverting', 'unsettling', 'failed'])

/** A run that has not been told to complete stops before the first step that cannot be undone. */
const reachable = (run: RunView, step: RunStepView): boolean => run.heading === 'complete' || step.no_return === null

const forward = (step: RunStepView): Change => ({ step: step.step, says: step.does, noReturn: step.no_return })

const undoing = (run: RunView): readonly Change[] =>
  run.steps
    .filter(step => touched.has(step.state))
    .toReversed()
    .map(step => ({ step: step.step, says: step.inverse, noReturn: null }))
