import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import type { Random } from 'cutover/process/clock'
import { closed, id, text } from '../../contracts/bounds.ts'

export const candidateRoutes = (database: Database, random: Random): RouteDefinition[] => [
  {
    method: 'POST',
    path: '/candidates',
    operationId: 'registerCandidate',
    summary: 'Registers a candidate.',
    policy: { persons: ['manager', 'admin'] },
    body: closed({ name: text(200) }),
    async handle(request) {
      const candidate = { candidate_id: `c-${random.uuid()}`, name: (request.body as { name: string }).name }
      await database.query('insert into candidate (candidate_id, name) values ($1, $2)', [candidate.candidate_id, candidate.name])
      return { status: 201, body: candidate, headers: { location: `/candidates/${candidate.candidate_id}` } }
    },
  },
  {
    method: 'GET',
    path: '/candidates/{id}',
    operationId: 'getCandidate',
    summary: 'COMM-090 by HTTP: a candidate. For management, managers, and the candidate.',
    policy: { persons: ['candidate', 'manager', 'admin'], links: [{ from: 'management', link: 'COMM-090' }] },
    link: 'COMM-090',
    params: closed({ id }),
    async handle(request) {
      const own = request.caller?.kind === 'person' && request.caller.role === 'candidate' ? request.caller.subject : null
      const { rows } = await database.query(
        'select candidate_id, name from candidate where candidate_id = $1 and ($2::text is null or candidate_id = $2)',
        [request.params['id'], own],
      )
      if (rows[0] === undefined) throw new Problem('candidate_unknown', { detail: 'there is no candidate with this id, or it is not you' })
      return { body: rows[0] }
    },
  },
]
