import type { GateView, RunView, StepState } from '@cutover/engine/api/plan'
import { type ExitCode, exitCodes } from './exit.ts'
import { sentence, tookMs } from './sentence.ts'

/** What `--wait --json` prints: how it ended, and each step. */
export interface RunDocument {
  readonly run: string
  readonly state: 'finished' | 'reverted' | 'completed' | 'failed' | 'waiting'
  readonly paused: boolean
  readonly link: string
  readonly from: string
  readonly to: string
  readonly heading: RunView['heading']
  readonly waits_for: string | null
  readonly took_ms: number
  readonly steps: readonly {
    readonly step: string
    readonly verb: string
    readonly state: StepState
    readonly added: boolean
    readonly title: string
    readonly attempts: number
    readonly started_at: string | null
    readonly ended_at: string | null
    readonly gate: GateView | null
  }[]
}

/** The run as a document. One that has not come to rest, or is paused, waits. */
export const documentOf = (run: RunView, isAtRest: boolean, now: number): RunDocument => ({
  run: run.run,
  state: endOf(run, isAtRest),
  paused: run.state === 'paused',
  link: run.link,
  from: run.from,
  to: run.to,
  heading: run.heading,
  waits_for: run.waits_for === null ? null : sentence(run.waits_for),
  took_ms: tookMs(run, now),
  steps: run.steps.map(({ step, verb, state, added, title, attempts, started_at, ended_at, gate }) => ({
    step,
    verb,
    state,
    added,
    title: title.en,
    attempts,
    started_at,
    ended_at,
    gate,
  })),
})

function endOf({ state }: RunView, isAtRest: boolean): RunDocument['state'] {
  const waits = !isAtRest || state === 'running' || state === 'waiting' || state === 'paused'
  return waits ? 'waiting' : state
}

/** The exit code for one who wanted the run to go in that direction. */
export function exitOf(run: RunView, heading: RunView['heading'], isAtRest: boolean): ExitCode {
  switch (endOf(run, isAtRest)) {
    case 'finished':
    case 'completed':
      return exitCodes.fine
    case 'reverted':
      return heading === 'back' ? exitCodes.fine : exitCodes.reverted
    case 'failed':
      return exitCodes.checkFailed
    case 'waiting':
      return exitCodes.waits
  }
}
