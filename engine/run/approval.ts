import { Problem, extendProblems } from 'cutover/failure'
import type { ApprovalView, Said } from '../api/plan.ts'
import { said } from '../plan/verb.ts'
import { isPastNoReturn } from './decide.ts'
import { type Approval, runId, type StoredRun } from './store.ts'

extendProblems({
  approval_missing: { status: 403, title: 'Somebody else has to approve this' },
  approval_own: { status: 403, title: 'Nobody approves what they have ordered' },
  approval_unwanted: { status: 409, title: 'There is nothing to approve' },
})

/** How long an approval holds. What was looked at longer ago has to be looked at again. */
export const approvalHours = 24

/** Of the approvals of this very plan by somebody who has ordered nothing of it, those that hold first, then the latest. */
function counting({ approvals, hash, who, completer }: StoredRun, orderedBy: string | null): readonly Approval[] {
  return approvals
    .filter(one => one.hash === hash && one.who !== who && one.who !== completer && one.who !== orderedBy)
    .toSorted((a, b) => Number(b.holds) - Number(a.holds) || b.at.getTime() - a.at.getTime())
}

/** What is missing before the run may pass its point of no return, if `orderedBy` orders it now; null for nothing. Pure. */
export function missingApproval(run: StoredRun, orderedBy: string | null = null): Said | null {
  const [latest] = counting(run, orderedBy)
  if (latest?.holds === true) return null
  const ordered = { run: runId(run.number), who: run.who }
  return latest === undefined ? said('approval_missing', ordered) : said('approval_expired', { ...ordered, by: latest.who })
}

/** How a run stands with approvals; null where none is asked for. Pure. */
export function approvalOf(run: StoredRun, required: boolean): ApprovalView | null {
  if (!required || !run.steps.some(step => step.final) || run.heading === 'back') return null
  const [latest] = counting(run, null)
  return {
    wanted: latest?.holds !== true && !isPastNoReturn(run.steps) && run.ended === null,
    by: latest?.who ?? null,
    at: latest?.at.toISOString() ?? null,
    expires_at: latest?.until.toISOString() ?? null,
  }
}

/** Throws unless `who` may order this run past its point of no return. */
export function demandApproval(run: StoredRun, who: string): void {
  const missing = missingApproval(run, who)
  if (missing === null) return
  const id = runId(run.number)
  const begin = missing.code === 'approval_expired' ? `the approval by ${missing.params['by']} has expired` : 'it has not been approved'
  throw new Problem('approval_missing', {
    detail: `${id} would pass its point of no return, and ${begin}: somebody else than ${namesOf([run.who, who])} approves it with "cutover approve ${id}", which holds for ${approvalHours} hours. Nothing was done`,
    extensions: { run: id, hash: run.hash },
  })
}

/** Throws unless `who` may approve this run, having seen the plan with this hash. */
export function demandApprovable(run: StoredRun, required: boolean, who: string, hash: string): void {
  const id = runId(run.number)
  if (approvalOf(run, required) === null || run.ended !== null || isPastNoReturn(run.steps)) {
    throw new Problem('approval_unwanted', {
      detail: required
        ? `${id} does not stand before a point of no return`
        : `${id} needs no approval: they are off here (APPROVALS of the engine)`,
    })
  }
  if (hash !== run.hash) {
    throw new Problem('plan_stale', {
      detail: `${id} runs the plan ${run.hash}, and ${hash} was to be approved; look at it again: cutover run show ${id}`,
    })
  }
  if (who === run.who || who === run.completer) {
    throw new Problem('approval_own', { detail: `${who} ordered ${id}; somebody else has to approve it, with a token of their own` })
  }
}

const namesOf = (people: readonly string[]): string => [...new Set(people)].join(' and ')
