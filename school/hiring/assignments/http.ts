import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { HttpRequest, RouteDefinition } from 'cutover/http/server'
import type { Random } from 'cutover/process/clock'
import { closed, id, text } from '../../contracts/bounds.ts'
import type { LinkReader, Once } from 'cutover/service'
import type { Author } from '../managers/copy.ts'
import type { Tasks } from '../tasks/tasks.ts'
import { answer } from './answer.ts'
import { assign } from './assign.ts'

const subjectOf = (request: HttpRequest): string => (request.caller?.kind === 'person' ? request.caller.subject : '')

const refusals: Readonly<Record<string, string>> = {
  task_unknown:
    'management knows no task with this id, or is away and hiring has no copy of it; one that was written a moment ago may be on its way: try again',
  task_gone: 'its author took the task back',
  task_withdrawn: 'the task has become too easy and waits for its author to make it harder',
  self_dealing: 'the candidate wrote this task',
}

export const assignmentRoutes = (options: {
  database: Database
  once: Once
  random: Random
  tasks: Tasks
  authors: LinkReader<Author>
}): RouteDefinition[] => {
  const { database, once, random, tasks, authors } = options

  /** Who wrote the task; null while that is not to be had: a candidate can work without. */
  async function authorOf(creatorId: string | undefined): Promise<string | null> {
    if (creatorId === undefined) return null
    const kept = await authors.get(creatorId).catch(() => null)
    return kept === null ? null : `${kept.row.first_name} ${kept.row.last_name}`
  }

  return [
    {
      method: 'POST',
      path: '/assignments',
      operationId: 'assignTasks',
      summary:
        'Gives tasks to a candidate. What was given before is answered with the same assignment; what cannot be given is listed with why.',
      policy: { persons: ['manager'] },
      repeats: { key: 'accepted' },
      body: closed({ candidate_id: id, task_ids: { type: 'array', minItems: 1, maxItems: 100, items: id } }),
      async handle(request) {
        const body = request.body as { candidate_id: string; task_ids: string[] }
        const wanted = [...new Set(body.task_ids)]
        // Before the transaction: hiring may have to ask management.
        const held = await tasks.fresh(wanted)
        return once(request, async tx => {
          const assigned = await assign(tx, held, random, body.candidate_id, wanted)
          const [refused] = assigned.refused
          if (assigned.assignments.length === 0 && refused !== undefined) {
            throw new Problem(refused.code, { detail: refusals[refused.code] ?? refused.code, extensions: { refused: assigned.refused } })
          }
          return { status: 201, body: assigned }
        })
      },
    },
    {
      method: 'GET',
      path: '/assignments/{id}',
      operationId: 'getAssignment',
      summary: 'One’s own assignment: the task as it is now, without its answers, and the outcome if there is one.',
      policy: { persons: ['candidate'] },
      params: closed({ id }),
      async handle(request) {
        const { rows } = await database.query<{ assignment_id: string; task_id: string; outcome: string | null; rating: number | null }>(
          'select assignment_id, task_id, outcome, rating from assignment where assignment_id = $1 and candidate_id = $2',
          [request.params['id'], subjectOf(request)],
        )
        const assignment = rows[0]
        if (assignment === undefined)
          throw new Problem('assignment_unknown', { detail: 'there is no assignment with this id, or it is not yours' })
        const task = (await tasks.fresh([assignment.task_id])).get(assignment.task_id)
        return {
          body: {
            ...assignment,
            author: await authorOf(task?.creator_id),
            title: task?.title,
            text: task?.text,
            revision: task?.revision,
            questions: task?.questions.map(one => one.question),
          },
        }
      },
    },
    {
      method: 'POST',
      path: '/assignments/{id}/answer',
      operationId: 'answerAssignment',
      summary: 'Answers one’s own assignment and says at once whether it was right. A second answer gets the recorded outcome.',
      policy: { persons: ['candidate'] },
      repeats: { key: 'accepted' },
      params: closed({ id }),
      body: {
        type: 'object',
        additionalProperties: false,
        required: ['answers'],
        properties: {
          answers: { type: 'array', minItems: 1, maxItems: 20, items: text(500) },
          revision: { type: 'integer', minimum: 1, description: 'The revision that was read; another one is refused with task_changed.' },
        },
      },
      async handle(request) {
        const body = request.body as { answers: string[]; revision?: number }
        const submission = { assignmentId: request.params['id'] ?? '', candidateId: subjectOf(request), ...body }
        return once(request, async (tx, record) => ({ body: await answer(tx, record, submission) }))
      },
    },
  ]
}
