import { Problem, extendProblems } from 'cutover/failure'
import type { Said } from '../api/plan.ts'
import { say } from '../api/words.ts'

extendProblems({ drained_doubtful: { status: 409, title: 'It is not certified that the old route is empty' } })

/** Why nothing can be relied on that the old route is empty. `retryable` where time or somebody else may mend it: the run then waits. */
export const doubt = (why: Said, retryable: boolean): Problem =>
  new Problem('drained_doubtful', { detail: say(why), retryable, extensions: { said: why } })
