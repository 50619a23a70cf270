import type { Tx } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { Random } from 'cutover/process/clock'
import type { HeldTask } from '../tasks/tasks.ts'

export interface Assigned {
  readonly assignments: readonly { readonly assignment_id: string; readonly task_id: string; readonly questions: number }[]
  readonly refused: readonly { readonly task_id: string; readonly code: string }[]
}

/**
 * Gives tasks, `held` as they were read last, to a candidate, each at most once for ever; one that was given before is
 * answered with what is there. Which tasks are wanted is said once each.
 */
export async function assign(
  tx: Tx,
  held: ReadonlyMap<string, HeldTask>,
  random: Random,
  candidateId: string,
  wanted: readonly string[],
): Promise<Assigned> {
  const refused = wanted.flatMap(taskId => {
    const code = refusal(held.get(taskId), candidateId)
    return code === null ? [] : [{ task_id: taskId, code }]
  })
  const given = wanted.filter(taskId => refused.every(one => one.task_id !== taskId))
  const ids = await insert(tx, random, candidateId, given)
  return {
    assignments: given.flatMap(taskId => {
      const assignmentId = ids.get(taskId)
      return assignmentId === undefined
        ? []
        : [{ assignment_id: assignmentId, task_id: taskId, questions: held.get(taskId)?.questions.length ?? 0 }]
    }),
    refused,
  }
}

function refusal(task: HeldTask | undefined, candidateId: string): string | null {
  if (task === undefined) return 'task_unknown'
  if (task.gone) return 'task_gone'
  if (task.withdrawn) return 'task_withdrawn'
  return task.creator_id === candidateId ? 'self_dealing' : null
}

async function insert(tx: Tx, random: Random, candidateId: string, taskIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rowCount } = await tx.query('select from candidate where candidate_id = $1', [candidateId])
  if (rowCount === 0) throw new Problem('candidate_unknown', { detail: 'register the candidate first' })
  await tx.query(
    `insert into assignment (assignment_id, task_id, candidate_id) select a.id, a.task_id, $1 from unnest($2::text[], $3::text[]) as a(id, task_id)
     on conflict (task_id, candidate_id) do nothing`,
    [candidateId, taskIds.map(() => `s-${random.uuid()}`), taskIds],
  )
  const { rows } = await tx.query<{ assignment_id: string; task_id: string }>(
    'select assignment_id, task_id from assignment where candidate_id = $1 and task_id = any($2::text[])',
    [candidateId, taskIds],
  )
  return new Map(rows.map(row => [row.task_id, row.assignment_id]))
}
