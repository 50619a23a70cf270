import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import type { Random } from 'cutover/process/clock'
import type { Once } from 'cutover/service'
import { closed, id, pageLimit, personName } from '../../contracts/bounds.ts'
import { CandidateRegistered } from '../../contracts/events/candidate-registered/event.ts'

const columns = 'candidate_id, name, revision::int as revision'
const unknown = (): Problem => new Problem('candidate_unknown', { detail: 'there is no candidate with this id, or it is not you' })

export const candidateRoutes = (database: Database, once: Once, random: Random): RouteDefinition[] => [
  {
    method: 'POST',
    path: '/candidates',
    operationId: 'registerCandidate',
    summary: 'Registers a candidate.',
    policy: { persons: ['manager', 'admin'] },
    repeats: { key: 'accepted' },
    body: closed({ name: personName }),
    handle: request =>
      once(request, async (tx, record) => {
        const candidate = { candidate_id: `c-${random.uuid()}`, name: (request.body as { name: string }).name }
        await tx.query('insert into candidate (candidate_id, name) values ($1, $2)', [candidate.candidate_id, candidate.name])
        record(CandidateRegistered, candidate, { revision: 1 })
        return { status: 201, body: candidate, headers: { location: `/candidates/${candidate.candidate_id}` } }
      }),
  },
  {
    method: 'PUT',
    path: '/candidates/{id}',
    operationId: 'renameCandidate',
    summary: 'Corrects the name of a candidate.',
    policy: { persons: ['manager', 'admin'] },
    repeats: { key: 'accepted' },
    params: closed({ id }),
    body: closed({ name: personName }),
    handle: request =>
      once(request, async (tx, record) => {
        const { rows } = await tx.query<{ candidate_id: string; name: string; revision: number }>(
          `update candidate set name = $2, revision = revision + 1 where candidate_id = $1 returning ${columns}`,
          [request.params['id'], (request.body as { name: string }).name],
        )
        if (rows[0] === undefined) throw unknown()
        const { revision, ...candidate } = rows[0]
        record(CandidateRegistered, candidate, { revision })
        return { body: rows[0] }
      }),
  },
  {
    method: 'GET',
    path: '/candidates',
    operationId: 'pageCandidates',
    summary: 'COMM-090 by HTTP: candidates in the order of their ids, from after `after`.',
    policy: { links: [{ from: 'management', link: 'COMM-090' }] },
    link: 'COMM-090',
    query: { type: 'object', additionalProperties: false, properties: { after: id, limit: pageLimit } },
    async handle(request) {
      const { rows } = await database.query(`select ${columns} from candidate where candidate_id > $1 order by candidate_id limit $2`, [
        request.query['after'] ?? '',
        Number(request.query['limit'] ?? 50),
      ])
      return { body: { candidates: rows } }
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
        `select ${columns} from candidate where candidate_id = $1 and ($2::text is null or candidate_id = $2)`,
        [request.params['id'], own],
      )
      if (rows[0] === undefined) throw unknown()
      return { body: rows[0] }
    },
  },
]
