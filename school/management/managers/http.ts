import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import type { Random } from 'cutover/process/clock'
import { closed, id, text } from '../../contracts/bounds.ts'

interface ManagerRow {
  readonly manager_id: string
  readonly first_name: string
  readonly last_name: string
  readonly account_id: string
}

export const managerRoutes = (database: Database, random: Random): RouteDefinition[] => [
  {
    method: 'POST',
    path: '/managers',
    operationId: 'createManager',
    summary: 'Takes on a manager; a bonus account belongs to every one.',
    policy: { persons: ['admin'] },
    body: closed({ first_name: text(200), last_name: text(200) }),
    async handle(request) {
      const { first_name, last_name } = request.body as { first_name: string; last_name: string }
      const manager: ManagerRow = { manager_id: `m-${random.uuid()}`, first_name, last_name, account_id: `a-${random.uuid()}` }
      await database.query(
        'insert into manager (manager_id, first_name, last_name, account_id) values ($1, $2, $3, $4)',
        Object.values(manager),
      )
      return { status: 201, body: manager, headers: { location: `/managers/${manager.manager_id}` } }
    },
  },
  {
    method: 'GET',
    path: '/managers/{id}',
    operationId: 'getManager',
    summary: 'COMM-010 and COMM-070 by HTTP: a manager, as management knows them now.',
    policy: {
      persons: ['manager', 'admin'],
      links: [
        { from: 'hiring', link: 'COMM-010' },
        { from: 'bonuses', link: 'COMM-070' },
      ],
    },
    link: 'COMM-010,COMM-070',
    params: closed({ id }),
    async handle(request) {
      const own = request.caller?.kind === 'person' && request.caller.role === 'manager' ? request.caller.subject : null
      const { rows } = await database.query<ManagerRow>(
        'select manager_id, first_name, last_name, account_id from manager where manager_id = $1 and ($2::text is null or manager_id = $2)',
        [request.params['id'], own],
      )
      if (rows[0] === undefined) throw new Problem('manager_unknown', { detail: 'there is no manager with this id, or it is not you' })
      return { body: rows[0] }
    },
  },
]
