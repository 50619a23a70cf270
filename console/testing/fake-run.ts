import type { LinkRow } from '@cutover/engine/api'
import type { ApprovalView, GateView, PlanView, RunStepView, RunVerb, RunView, Said } from '@cutover/engine/api/plan'
import { fakeFigures, fakeWaiting } from './fake-plan.ts'

/** How long each step of a run that is shown took, and how much of it was waiting, in seconds. */
const tookS: readonly (readonly [number, number])[] = [
  [1, 1],
  [6, 2],
  [1, 2],
  [0, 42],
  [6, 1],
  [1, 0],
  [0, 4],
  [5, 1],
  [5, 1],
]

export interface Standing {
  /** The verb that the run is at. */
  readonly at: number
  /** How much of its gate's evidence has come; null while it is being applied. */
  readonly part: number | null
  readonly state: RunView['state']
  readonly heading?: RunView['heading']
  readonly differing?: number
  readonly until?: string | null
  /** How it stands with the second person; absent where nobody asks for that. */
  readonly approval?: ApprovalView
}

/** A run of this plan that stands there now, with the times that led to it. */
export function fakeRun(id: string, plan: PlanView, link: LinkRow, standing: Standing, now: number): RunView {
  const { at, part, state, heading = 'forward', differing = 0 } = standing
  const came = tookS.slice(0, at).reduce((sum, [work, wait]) => sum + work + wait, 0)
  const inHand = part === null ? 1 : Math.round((tookS[at]?.[0] ?? 0) + part * (tookS[at]?.[1] ?? 0))
  let clock = now - 1000 * (came + inHand)
  const begun = clock
  const iso = (ms: number): string => new Date(ms).toISOString()
  const steps = plan.steps.map((step, n): RunStepView => {
    const { now: _now, gate, ...rest } = step
    const base = {
      ...rest,
      gate_asks: gate,
      gate: null,
      attempts: 0,
      started_at: null,
      applied_at: null,
      ended_at: null,
      state: 'pending',
    } as const
    if (n > at || (state === 'reverted' && heading === 'back')) {
      return state === 'reverted' && heading === 'back' && step.no_return === null ? { ...base, state: 'reverted', attempts: 1 } : base
    }
    const [work, wait] = tookS[n] ?? [1, 1]
    const started_at = iso(clock)
    const applied_at = iso(clock + 1000 * work)
    if (n < at || part === 1) {
      clock += 1000 * (work + wait)
      const gate: GateView = { ...seen(step, 1, 0, iso(clock)), verdict: 'pass' }
      return { ...base, state: 'done', attempts: 1, started_at, applied_at, ended_at: iso(clock), gate }
    }
    if (part === null) return { ...base, state: heading === 'back' ? 'reverting' : 'applying', attempts: 1, started_at }
    const open = seen(step, part, differing, iso(now))
    return state === 'failed'
      ? {
          ...base,
          state: 'failed',
          attempts: 3,
          started_at,
          applied_at,
          ended_at: iso(now),
          gate: { ...open, verdict: 'fail', eta_ms: null, waits_for: differs(link, differing) },
        }
      : {
          ...base,
          state: heading === 'back' ? 'unsettling' : 'settling',
          attempts: 1,
          started_at,
          applied_at,
          gate: { ...open, waits_for: fakeWaiting(step, link, part), eta_ms: Math.round((1 - part) * 42_000) },
        }
  })
  const current = steps[at]
  const rests = state !== 'running' && state !== 'waiting'
  return {
    run: id,
    plan: plan.plan,
    link: plan.link,
    from: plan.from,
    to: plan.to,
    title: plan.title,
    hash: plan.hash,
    heading,
    state,
    who: 'operator',
    started_at: iso(begun),
    ended_at: rests ? iso(now) : null,
    waits_for: pausedAt(standing) ?? (state === 'finished' ? null : (current?.gate?.waits_for ?? null)),
    eta_ms: rests ? null : (current?.gate?.eta_ms ?? 9_000) + 8_000,
    until: standing.until ?? null,
    steps,
    can: canOf(state, plan),
    approval: standing.approval ?? null,
  }

  function seen(step: PlanView['steps'][number], part: number, differing: number, at: string): GateView {
    const wayBack = step.inverse === null ? null : 'open'
    return {
      verdict: 'not_enough_evidence',
      figures: fakeFigures(step, part, differing),
      waits_for: null,
      eta_ms: null,
      way_back: wayBack,
      at,
    }
  }
}

const pausedAt = ({ state, until }: Standing): Said | null =>
  state === 'paused' && until != null ? { code: 'until_reached', params: { step: until } } : null

const differs = (link: LinkRow, different: number): Said => ({
  code: 'parity_differs',
  params: { different, missing: 0, extra: 0, link: link.link },
})

/** The orders that a run takes in this state. */
export function canOf(state: RunView['state'], plan: Pick<PlanView, 'steps'>): readonly RunVerb[] {
  switch (state) {
    case 'running':
    case 'waiting':
      return ['pause', 'revert']
    case 'paused':
    case 'failed':
      return ['resume', 'revert']
    case 'finished':
      return plan.steps.some(({ no_return }) => no_return !== null) ? ['revert', 'complete'] : ['revert']
    default:
      return []
  }
}
