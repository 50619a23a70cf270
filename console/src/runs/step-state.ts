import type { GateView, StepState, Verdict } from '@cutover/engine/api/plan'
import type { IconName } from '../icons/icons.tsx'
import type { Tone } from '../shell/Answer.tsx'

export const stepTones: Readonly<Record<StepState, Tone>> = {
  pending: 'still',
  applying: 'accent',
  settling: 'wait',
  done: 'good',
  reverting: 'accent',
  unsettling: 'wait',
  reverted: 'still',
  failed: 'bad',
}

export const stepIcons: Readonly<Record<StepState, IconName>> = {
  pending: 'dot',
  applying: 'play',
  settling: 'wait',
  done: 'check',
  reverting: 'back',
  unsettling: 'wait',
  reverted: 'back',
  failed: 'cross',
}

export const verdictTones: Readonly<Record<Verdict, Tone>> = { pass: 'good', fail: 'bad', not_enough_evidence: 'wait' }
export const verdictIcons: Readonly<Record<Verdict, IconName>> = { pass: 'check', fail: 'cross', not_enough_evidence: 'evidence' }

/** How long the gate is likely to be waited for, or null. */
export const etaOf = (gate: GateView | null): number | null => (gate === null || gate.verdict === 'pass' ? null : gate.eta_ms)
