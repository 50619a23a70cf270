import { say } from '@cutover/engine/api/words'
import type { RunStepView, RunView, Said } from '@cutover/engine/api/plan'
import { about, duration, plain } from './print.ts'

/** A sentence that the engine sent as a code, in English and safe to print. */
export const sentence = (said: Said): string => plain(say(said))

/** A route, or a form of a change, as people say it. */
export const routeName = (route: string): string => names[route] ?? plain(route)
const names: Readonly<Record<string, string>> = { http: 'HTTP', old: 'its old form', new: 'its new form' }

/** Where what the run is about stands. */
export const standsOn = (end: string): string => (end === 'old' || end === 'new' ? `has ${routeName(end)}` : `goes by ${routeName(end)}`)

/** Where a step stands, whatever the number of its verbs. */
export type Standing = 'done' | 'active' | 'pending' | 'failed' | 'reverted'

/** One step with all of its verbs. */
export interface Stage {
  readonly step: string
  readonly verbs: readonly [RunStepView, ...RunStepView[]]
  readonly standing: Standing
}

/** The steps of a run, each with its verbs, in the order of the plan. */
export function stagesOf({ steps }: Pick<RunView, 'steps'>): Stage[] {
  const groups = new Map<string, [RunStepView, ...RunStepView[]]>()
  for (const row of steps) {
    const group = groups.get(row.step)
    if (group === undefined) groups.set(row.step, [row])
    else group.push(row)
  }
  return [...groups].map(([step, verbs]) => ({ step, verbs, standing: standingOf(verbs) }))
}

function standingOf(verbs: readonly RunStepView[]): Standing {
  const every = (...states: readonly string[]): boolean => verbs.every(({ state }) => states.includes(state))
  if (verbs.some(({ state }) => state === 'failed')) return 'failed'
  if (every('done')) return 'done'
  if (every('pending')) return 'pending'
  return every('reverted', 'pending') ? 'reverted' : 'active'
}

const isOver = (state: RunView['state']): boolean => state !== 'running' && state !== 'waiting'

/** How long the run has taken, or takes so far. */
export const tookMs = (run: RunView, now: number): number =>
  Math.max(0, (run.ended_at !== null && isOver(run.state) ? Date.parse(run.ended_at) : now) - Date.parse(run.started_at))

/** Where the run stands: "step 4 (4 of 8)". */
export function place(run: RunView): string {
  const stages = stagesOf(run)
  const at = standsAt(run, stages)
  return at < 0 ? 'no step' : `step ${plain(stages[at]?.step ?? '')} (${at + 1} of ${stages.length})`
}

/** The index of the step that is open, else of the one that comes next. */
function standsAt({ heading }: RunView, stages: readonly Stage[]): number {
  const open = stages.findIndex(({ standing }) => standing === 'active' || standing === 'failed')
  if (open >= 0) return open
  return heading === 'back'
    ? stages.findLastIndex(({ standing }) => standing === 'done')
    : stages.findIndex(({ standing }) => standing !== 'done')
}

/** The state of a run in one sentence. */
export function stateOf(run: RunView, now: number): string {
  const took = duration(tookMs(run, now))
  const left = run.eta_ms === null ? '' : `, ${about(run.eta_ms)} left`
  const link = plain(run.link)
  switch (run.state) {
    case 'running':
    case 'waiting': {
      const doing = { forward: 'Running', back: 'Going back', complete: 'Completing' }[run.heading]
      const waiting = run.heading === 'forward' ? 'Waiting at' : `${doing}, waiting at`
      return `${run.state === 'waiting' ? waiting : `${doing}:`} ${place(run)}, ${whole(tookMs(run, now))} so far${left}.`
    }
    case 'paused':
      return `Paused at ${place(run)} after ${took}.`
    case 'failed':
      return `Failed at ${place(run)} after ${took}.`
    case 'finished':
      return `Finished in ${took}: ${link} ${standsOn(run.to)} now. All of it can still be undone.`
    case 'reverted':
      return `Reverted after ${took}: ${link} ${standsOn(run.from)} as before.`
    case 'completed':
      return `Completed: ${link} ${standsOn(run.to)}, and the old way is gone.`
  }
}

/** A time that still runs: tenths would only flicker. */
const whole = (ms: number): string => (ms < 10_000 ? `${Math.floor(ms / 1_000)} s` : duration(ms))
