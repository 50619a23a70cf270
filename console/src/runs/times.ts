import type { RunView } from '@cutover/engine/api/plan'

export interface Times {
  /** From the start until it came to rest, or until now. */
  readonly totalMs: number
  /** The part in which something was done; null where the engine does not tell. */
  readonly workedMs: number | null
  /** The part in which a gate was waited for. */
  readonly waitedMs: number | null
}

/** How long a run has taken. What is neither work nor waiting for a gate is a pause. */
export function timesOf(run: RunView, now: number): Times {
  const at = (time: string | null | undefined, otherwise: number): number => (time == null ? otherwise : Date.parse(time))
  const end = at(run.ended_at, now)
  const totalMs = Math.max(0, end - Date.parse(run.started_at))
  if (run.steps.every(step => step.applied_at === undefined)) return { totalMs, workedMs: null, waitedMs: null }
  let [workedMs, waitedMs] = [0, 0]
  for (const step of run.steps) {
    if (step.started_at === null) continue
    const ended = at(step.ended_at, end)
    const applied = Math.min(at(step.applied_at, ended), ended)
    workedMs += Math.max(0, applied - Date.parse(step.started_at))
    waitedMs += Math.max(0, ended - applied)
  }
  return { totalMs, workedMs: Math.min(workedMs, totalMs), waitedMs: Math.min(waitedMs, totalMs - Math.min(workedMs, totalMs)) }
}
