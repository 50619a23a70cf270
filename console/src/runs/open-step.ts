import type { RunStepView, RunView } from '@cutover/engine/api/plan'
import { keysOf } from '../plan/steps.ts'

const busy = new Set(['applying', 'settling', 'reverting', 'unsettling', 'failed'])

/** The place of the step that the run is at: the one in hand, else the next one, else the last that was done. */
export function currentStep(run: RunView): number {
  const inHand = run.steps.findIndex(({ state }) => busy.has(state))
  if (inHand !== -1) return inHand
  const done = run.steps.findLastIndex(({ state }) => state === 'done')
  if (run.state === 'finished' || run.state === 'completed') return Math.max(0, done)
  if (run.heading === 'back') return Math.max(0, done)
  const pending = run.steps.findIndex(({ state }) => state === 'pending')
  return pending === -1 ? Math.max(0, done) : pending
}

/** The step that the address names, or the one that the run is at. */
export function openStep(run: RunView, key: string | undefined): { readonly key: string; readonly step: RunStepView } | null {
  const keys = keysOf(run.steps)
  const named = key === undefined ? -1 : keys.indexOf(key)
  const place = named === -1 ? currentStep(run) : named
  const [found, step] = [keys[place], run.steps[place]]
  return found === undefined || step === undefined ? null : { key: found, step }
}
