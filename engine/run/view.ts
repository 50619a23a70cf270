import type { RunStepView, RunView, Said } from '../api/plan.ts'
import { type Action, actionsOf, isFinal, type Plan } from '../plan/plan.ts'
import { isInverse, said, type Verb } from '../plan/verb.ts'
import { approvalOf } from './approval.ts'
import { ordersOf, stateOf } from './decide.ts'
import { runId, type StoredRun, type StoredStep } from './store.ts'

const working = new Set(['applying', 'settling', 'reverting', 'unsettling', 'failed'])

/**
 * A run as operators see it, with its approval where those are asked for, and with what was certified when its old route
 * was empty, as it stands now. Pure.
 */
export function viewOf(run: StoredRun, plan: Plan | undefined, approvals: boolean, certified: Said | null): RunView {
  // Another build's plan: its steps are shown by their names, and only that build goes on with it.
  const own = plan?.hash === run.hash ? plan : undefined
  const actions: readonly (Action | undefined)[] = own === undefined ? run.steps.map(() => undefined) : actionsOf(own)
  const state = stateOf(run, run.steps)
  const rests = state !== 'running' && state !== 'waiting'
  const open = run.steps.find(step => working.has(step.state) || (step.state === 'pending' && step.gate !== null))
  const foreign: Said | null = own === undefined && run.ended === null ? said('plan_changed', { plan: run.plan }) : null
  return {
    run: runId(run.number),
    plan: run.plan,
    link: run.link,
    from: run.from,
    to: run.to,
    title: plan?.title ?? { en: run.plan, ru: run.plan },
    hash: run.hash,
    heading: run.heading,
    state: foreign !== null && state === 'running' ? 'waiting' : state,
    who: run.who,
    started_at: run.startedAt.toISOString(),
    ended_at: rests ? run.turnedAt.toISOString() : null,
    waits_for: foreign ?? (open?.gate?.waits_for || null),
    eta_ms: rests ? null : (open?.gate?.eta_ms ?? null),
    until: run.until,
    steps: run.steps.map((step, at): RunStepView => {
      const action = actions[at]
      return {
        step: step.step,
        added: action?.step.why != null,
        title: action?.step.title ?? { en: step.verb, ru: step.verb },
        why: action?.step.why ?? null,
        verb: step.verb,
        does: action?.verb.does ?? said(step.verb),
        gate_asks: action?.verb.asks ?? said(step.verb),
        ...wayBackOf(action?.verb),
        state: step.state,
        gate: step.gate === null || certified === null || !isCertified(step) ? step.gate : { ...step.gate, certificate: certified },
        attempts: step.attempts,
        started_at: step.startedAt?.toISOString() ?? null,
        applied_at: step.appliedAt?.toISOString() ?? null,
        ended_at: step.endedAt?.toISOString() ?? null,
      }
    }),
    can: ordersOf(run, run.steps),
    approval: approvalOf(run, approvals),
  }
}

/** Whether it is the step that has counted the old route empty. */
const isCertified = ({ verb, state }: StoredStep): boolean => verb === 'drained' && state === 'done'

/** What undoes a verb, or why nothing can. */
export function wayBackOf(verb: Verb | undefined): { readonly inverse: Said | null; readonly no_return: Said | null } {
  const inverse = verb?.inverse ?? null
  if (isInverse(inverse)) return { inverse: inverse.does, no_return: null }
  return { inverse: null, no_return: verb !== undefined && isFinal(verb) && inverse !== null ? inverse.noReturn : null }
}
