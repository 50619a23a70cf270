import type { RunVerb, RunView } from '@cutover/engine/api/plan'
import { plain } from './print.ts'
import type { Footer } from './progress.ts'
import { stagesOf } from './sentence.ts'

/** What the keys do while a run is followed: `p` pause or go on, `r` revert (asks), `d` or Ctrl-C detach. */
export interface Keyboard {
  press(key: string): void
  /** The order that was given by key since it was asked last. */
  take(): RunVerb | null
  /** What the keys do now. */
  footer(run: RunView): Footer
  /** Whether a pause was ordered here: then the one who ordered it stays. */
  readonly paused: boolean
}

interface Ways {
  readonly wake: () => void
  readonly detach: () => void
  readonly interrupt: () => void
}

export function keyboard({ wake, detach, interrupt }: Ways): Keyboard {
  let given: RunVerb | null = null
  let shown: RunView | null = null
  let asking = false
  let paused = false
  const give = (verb: RunVerb): void => {
    if (shown?.can.includes(verb) !== true) return
    given = verb
    if (verb === 'pause') paused = true
  }
  return {
    press(key) {
      if (key === 'ctrl-c') return interrupt()
      if (asking) {
        asking = false
        if (key === 'y') give('revert')
        return wake()
      }
      if (key === 'd') return detach()
      if (key === 'p') give(shown?.state === 'paused' ? 'resume' : 'pause')
      if (key === 'r') asking = shown?.can.includes('revert') === true
      wake()
    },
    take() {
      const verb = given
      given = null
      return verb
    },
    footer(run) {
      shown = run
      if (asking) return { text: `Go back: undo ${undone(run)}?  y yes  any other key no`, asks: true }
      const can = (verb: RunVerb, text: string): string[] => (run.can.includes(verb) ? [text] : [])
      const pause = run.state === 'paused' ? can('resume', 'p go on') : can('pause', 'p pause')
      return { text: [...pause, ...can('revert', 'r revert'), 'd detach (the run goes on)'].join('   '), asks: false }
    },
    get paused() {
      return paused
    },
  }
}

/** The steps that a revert would undo, the last one first: "steps 5, 4a, 4". */
export function undone(run: RunView): string {
  const steps = stagesOf(run)
    .filter(({ verbs }) => verbs.some(({ state }) => state !== 'pending' && state !== 'reverted'))
    .map(({ step }) => plain(step))
    .toReversed()
  return steps.length === 0 ? 'nothing: no step has begun' : `step${steps.length === 1 ? '' : 's'} ${steps.join(', ')}`
}
