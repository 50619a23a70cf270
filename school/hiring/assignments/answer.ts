import type { Tx } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { RecordFact } from 'cutover/outbox'
import { TaskCompleted } from '../../contracts/events/task-completed/event.ts'
import { TaskFailed } from '../../contracts/events/task-failed/event.ts'
import { TaskRating } from '../../contracts/events/task-rating/event.ts'
import { TaskReworkRequested } from '../../contracts/events/task-rework-requested/event.ts'
import { ratingOf, solvedMax } from '../ratings/rating.ts'

export interface Outcome {
  readonly assignment_id: string
  readonly task_id: string
  readonly outcome: 'completed' | 'failed'
  readonly rating: number
  /** True when the answer had been given before: what was recorded then stands. */
  readonly repeated: boolean
}

interface AssignmentRow {
  readonly task_id: string
  readonly candidate_id: string
  readonly outcome: 'completed' | 'failed' | null
  readonly rating: number | null
}

interface TaskRow {
  readonly creator_id: string
  readonly questions: readonly { readonly answer: string }[]
  readonly revision: number
  readonly checks: number
  readonly failed: number
  readonly solved: number
  readonly withdrawn: boolean
}

/** What a candidate hands in. */
export interface Submission {
  readonly assignmentId: string
  readonly candidateId: string
  readonly answers: readonly string[]
  /** The revision of the task that the candidate read; without it, the newest is meant. */
  readonly revision?: number
}

/**
 * Checks an answer, in the caller's transaction and with hiring's own data alone: right or wrong, the new rating, the
 * facts for the others, all or nothing. A second answer gets the recorded outcome back. What does not answer the task
 * as it is now (another revision, another number of answers) is refused, and the candidate may try again.
 */
export async function answer(tx: Tx, record: RecordFact, submission: Submission): Promise<Outcome> {
  const { assignmentId, candidateId, answers } = submission
  const assignment = await lockAssignment(tx, assignmentId, candidateId)
  if (assignment.outcome !== null) {
    return {
      assignment_id: assignmentId,
      task_id: assignment.task_id,
      outcome: assignment.outcome,
      rating: assignment.rating ?? 0,
      repeated: true,
    }
  }
  const task = await lockTask(tx, assignment.task_id)
  refuseOther(submission, task)
  const right = isRight(answers, task.questions)
  const failed = task.failed + (right ? 0 : 1)
  const checks = task.checks + 1
  const solved = task.solved + (right ? 1 : 0)
  const rating = ratingOf(failed, checks)
  const payload = { task_id: assignment.task_id, creator_id: task.creator_id, candidate_id: candidateId }
  const outcomeId = right ? record(TaskCompleted, payload) : record(TaskFailed, payload)
  const ratingId = record(TaskRating, { task_id: assignment.task_id, rating, outcome_id: outcomeId })
  const tooEasy = right && solved >= solvedMax && !task.withdrawn
  if (tooEasy) await withdraw(tx, record, assignment.task_id, task.revision, solved)
  await tx.query('update task set checks = $2, failed = $3, solved = $4, withdrawn = withdrawn or $5 where task_id = $1', [
    assignment.task_id,
    checks,
    failed,
    solved,
    tooEasy,
  ])
  await tx.query(
    'update assignment set outcome = $2, outcome_id = $3, rating = $4, rating_id = $5, decided_at = now() where assignment_id = $1',
    [assignmentId, right ? 'completed' : 'failed', outcomeId, rating, ratingId],
  )
  return { assignment_id: assignmentId, task_id: assignment.task_id, outcome: right ? 'completed' : 'failed', rating, repeated: false }
}

/** An outcome is for ever, so only an answer to the very task may become one. */
function refuseOther({ answers, revision }: Submission, task: TaskRow): void {
  if (revision !== undefined && revision !== task.revision) {
    throw new Problem('task_changed', { detail: `the task is at revision ${task.revision} now; read the assignment again, then answer` })
  }
  if (answers.length !== task.questions.length) {
    throw new Problem('answers_incomplete', {
      detail: `the task has ${task.questions.length} questions; send one answer for each, in their order`,
      errors: [{ pointer: '/answers', code: 'answers_incomplete', detail: `${task.questions.length} answers are expected` }],
    })
  }
}

/** Right when every answer is, whatever its case and surrounding spaces. */
export const isRight = (answers: readonly string[], questions: readonly { readonly answer: string }[]): boolean =>
  answers.length === questions.length && questions.every((question, index) => fold(question.answer) === fold(answers[index] ?? ''))

const fold = (text: string): string => text.trim().normalize('NFC').toLocaleLowerCase('en')

async function lockAssignment(tx: Tx, assignmentId: string, candidateId: string): Promise<AssignmentRow> {
  const { rows } = await tx.query<AssignmentRow>(
    'select task_id, candidate_id, outcome, rating from assignment where assignment_id = $1 and candidate_id = $2 for update',
    [assignmentId, candidateId],
  )
  const row = rows[0]
  if (row === undefined) throw new Problem('assignment_unknown', { detail: 'there is no assignment with this id, or it is not yours' })
  return row
}

/** Every check changes the task's rating, so checks of one task follow each other. */
async function lockTask(tx: Tx, taskId: string): Promise<TaskRow> {
  const { rows } = await tx.query<TaskRow>(
    'select creator_id, questions, revision::int as revision, checks, failed, solved, withdrawn from task where task_id = $1 for no key update',
    [taskId],
  )
  const row = rows[0]
  if (row === undefined) throw new Error(`task ${taskId} is assigned and not here`)
  return row
}

async function withdraw(tx: Tx, record: RecordFact, taskId: string, revision: number, solvedCount: number): Promise<void> {
  const factId = record(TaskReworkRequested, { task_id: taskId, solved_count: solvedCount }, { revision })
  await tx.query('insert into withdrawal (task_id, revision, solved_count, fact_id) values ($1, $2, $3, $4)', [
    taskId,
    revision,
    solvedCount,
    factId,
  ])
}
