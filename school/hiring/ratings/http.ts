import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { closed, id } from '../../contracts/bounds.ts'
import { ratingOf } from './rating.ts'

/** COMM-060 by HTTP. */
export const ratingRoutes = (database: Database): RouteDefinition[] => [
  {
    method: 'GET',
    path: '/tasks/{id}/rating',
    operationId: 'getRating',
    summary:
      'COMM-060 by HTTP: the rating of a task as an outcome left it, which never changes; without an outcome, as it is now, which may be another one a moment later.',
    policy: { links: [{ from: 'bonuses', link: 'COMM-060' }] },
    link: 'COMM-060',
    params: closed({ id }),
    query: { type: 'object', additionalProperties: false, properties: { outcome: id } },
    async handle(request) {
      const taskId = request.params['id'] ?? ''
      const outcome = request.query['outcome'] as string | undefined
      return { body: await (outcome === undefined ? ratingNow(database, taskId) : ratingAsOf(database, taskId, outcome)) }
    },
  },
]

async function ratingAsOf(database: Database, taskId: string, outcomeId: string): Promise<object> {
  const { rows } = await database.query(
    `select task_id, outcome_id, rating from assignment where task_id = $1 and outcome_id::text = $2 and outcome_id is not null`,
    [taskId, outcomeId],
  )
  if (rows[0] === undefined) throw new Problem('outcome_unknown', { detail: 'there is no such outcome of this task' })
  return rows[0]
}

async function ratingNow(database: Database, taskId: string): Promise<object> {
  const { rows } = await database.query<{ failed: number; checks: number }>('select failed, checks from task where task_id = $1', [taskId])
  const task = rows[0]
  if (task === undefined) throw new Problem('task_unknown', { detail: 'nobody has been given a task with this id' })
  return { task_id: taskId, rating: ratingOf(task.failed, task.checks) }
}
