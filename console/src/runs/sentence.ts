import type { TFunction } from 'i18next'
import type { RunView } from '@cutover/engine/api/plan'
import type { Format } from '../words/format.ts'
import { currentStep } from './open-step.ts'

/** How a run stands, in one sentence. */
export function runSentence(run: RunView, t: TFunction, { say, title }: Format): string {
  const { link } = run
  const step = run.steps[currentStep(run)]
  // A link moves; a change of several services is made.
  const says = run.to === 'new' ? 'makes' : 'says'
  const at = { link, step: step?.step ?? '', route: t(`way.${run.to}`), before: t(`way.${run.from}`) }
  const why = run.waits_for === null ? (step === undefined ? '' : title(step.title)) : say(run.waits_for)
  switch (run.state) {
    case 'running':
    case 'waiting':
      return t(`run.${says}.${run.heading}`, { ...at, why })
    case 'paused':
      return t('run.says.paused', { ...at, why })
    case 'failed':
      return t('run.says.failed', { ...at, why })
    case 'finished':
      return t(`run.${says}.finished`, at)
    case 'reverted':
      return t(`run.${says}.reverted`, at)
    case 'completed':
      return t(`run.${says}.completed`, at)
  }
}
