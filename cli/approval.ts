import type { RunView } from '@cutover/engine/api/plan'
import { hanging } from './gate.ts'
import { plain, styled } from './print.ts'
import { sentence } from './sentence.ts'

/** How the run stands with the approval of a second person; empty where none is asked for. */
export function approvalLine({ approval }: RunView): string {
  if (approval === undefined || approval === null) return ''
  const { wanted, by, expires_at: until } = approval
  if (by === null || until === null) return wanted ? 'a second person has to approve it.' : ''
  return wanted
    ? `the approval by ${plain(by)} expired at ${plain(until)}; a second person has to approve it again.`
    : `approved by ${plain(by)}, until ${plain(until)}.`
}

/** What cannot be undone in this run, and why, as lines. */
export function finalSteps(run: RunView, width: number): string[] {
  const last = run.steps.filter(({ no_return, state }) => no_return !== null && state !== 'done')
  const reasons = [...new Set(last.flatMap(({ no_return }) => (no_return === null ? [] : [sentence(no_return)])))]
  return [
    styled('red', 'This cannot be undone:'),
    ...last.flatMap(({ step, does }) => hanging(`  ${plain(step).padEnd(3)} `, sentence(does), width)),
    ...reasons.flatMap(reason => hanging('', reason, width)),
  ]
}
