import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import type { Random } from 'cutover/process/clock'
import type { Once } from 'cutover/service'
import { closed, id, personName } from '../../contracts/bounds.ts'
import { ManagerCreated } from '../../contracts/events/manager-created/event.ts'
import type { Manager } from '../../contracts/http/manager.ts'

type ManagerRow = Manager & { readonly revision: number }

const columns = 'manager_id, first_name, last_name, account_id, revision::int as revision'
const names = closed({ first_name: personName, last_name: personName })
const unknown = (): Problem => new Problem('manager_unknown', { detail: 'there is no manager with this id, or it is not you' })

export const managerRoutes = (database: Database, once: Once, random: Random): RouteDefinition[] => [
  {
    method: 'POST',
    path: '/managers',
    operationId: 'createManager',
    summary: 'Takes on a manager; a bonus account belongs to every one.',
    policy: { persons: ['admin'] },
    repeats: { key: 'accepted' },
    body: names,
    handle: request =>
      once(request, async (tx, record) => {
        const { first_name, last_name } = request.body as { first_name: string; last_name: string }
        const manager: Manager = { manager_id: `m-${random.uuid()}`, first_name, last_name, account_id: `a-${random.uuid()}` }
        await tx.query(
          'insert into manager (manager_id, first_name, last_name, account_id) values ($1, $2, $3, $4)',
          Object.values(manager),
        )
        record(ManagerCreated, manager, { revision: 1 })
        return { status: 201, body: manager, headers: { location: `/managers/${manager.manager_id}` } }
      }),
  },
  {
    method: 'PUT',
    path: '/managers/{id}',
    operationId: 'renameManager',
    summary: 'Corrects the name of a manager.',
    policy: { persons: ['admin'] },
    repeats: { key: 'accepted' },
    params: closed({ id }),
    body: names,
    handle: request =>
      once(request, async (tx, record) => {
        const { first_name, last_name } = request.body as { first_name: string; last_name: string }
        const { rows } = await tx.query<ManagerRow>(
          `update manager set first_name = $2, last_name = $3, revision = revision + 1 where manager_id = $1 returning ${columns}`,
          [request.params['id'], first_name, last_name],
        )
        if (rows[0] === undefined) throw unknown()
        const { revision, ...manager } = rows[0]
        record(ManagerCreated, manager, { revision })
        return { body: rows[0] }
      }),
  },
  {
    method: 'GET',
    path: '/managers/{id}',
    operationId: 'getManager',
    summary: 'COMM-010 and COMM-070 by HTTP: a manager, as management knows them now.',
    policy: {
      // For a candidate there are no managers, as for whoever asks for another's account.
      persons: ['candidate', 'manager', 'admin'],
      links: [
        { from: 'hiring', link: 'COMM-010' },
        { from: 'bonuses', link: 'COMM-070' },
      ],
    },
    link: 'COMM-010,COMM-070',
    params: closed({ id }),
    async handle(request) {
      const own = request.caller?.kind === 'person' && request.caller.role !== 'admin' ? request.caller : null
      if (own?.role === 'candidate') throw unknown()
      const { rows } = await database.query<ManagerRow>(
        `select ${columns} from manager where manager_id = $1 and ($2::text is null or manager_id = $2)`,
        [request.params['id'], own?.subject ?? null],
      )
      if (rows[0] === undefined) throw unknown()
      return { body: rows[0] }
    },
  },
]
