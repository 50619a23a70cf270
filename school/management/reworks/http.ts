import type { Database } from 'cutover/database'
import type { RouteDefinition } from 'cutover/http/server'

export const reworkRoutes = (database: Database): RouteDefinition[] => [
  {
    method: 'GET',
    path: '/reworks',
    operationId: 'listReworks',
    summary: 'The tasks that have become too easy and that the caller is to make harder, oldest first.',
    policy: { persons: ['manager'] },
    async handle(request) {
      const manager = request.caller?.kind === 'person' ? request.caller.subject : ''
      const { rows } = await database.query(
        `select task_id, revision::int as revision, solved_count, asked_at from rework
          where manager_id = $1 and done_at is null order by asked_at limit 200`,
        [manager],
      )
      return { body: { reworks: rows } }
    },
  },
]
