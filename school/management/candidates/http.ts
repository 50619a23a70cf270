import { Problem } from 'cutover/failure'
import { Unreachable } from 'cutover/http/client'
import type { RouteDefinition } from 'cutover/http/server'
import type { LinkReader } from 'cutover/service'
import { closed, id, pageLimit } from '../../contracts/bounds.ts'
import type { Candidate } from '../../contracts/http/candidate.ts'

/** Hiring owns the candidates: while it is away and there is no copy here, they cannot be shown. */
async function orAway<Answer>(read: Promise<Answer>): Promise<Answer> {
  return read.catch((cause: unknown) => {
    if (!(cause instanceof Unreachable)) throw cause
    throw new Problem('unavailable', {
      detail: 'hiring, which knows the candidates, does not answer; try again in a moment',
      retryable: true,
      cause,
    })
  })
}

export const candidateRoutes = (candidates: LinkReader<Candidate>): RouteDefinition[] => [
  {
    method: 'GET',
    path: '/candidates/{id}',
    operationId: 'findCandidate',
    summary: 'A candidate, for the manager who wants to give them a task.',
    policy: { persons: ['manager', 'admin'] },
    params: closed({ id }),
    async handle(request) {
      const kept = await orAway(candidates.get(request.params['id'] ?? ''))
      if (kept === null) throw new Problem('candidate_unknown', { detail: 'there is no candidate with this id' })
      return { body: kept.row }
    },
  },
  {
    method: 'GET',
    path: '/candidates',
    operationId: 'listCandidates',
    summary: 'Candidates in the order of their ids, from after `after`.',
    policy: { persons: ['manager', 'admin'] },
    query: { type: 'object', additionalProperties: false, properties: { after: id, limit: pageLimit } },
    async handle(request) {
      const limit = Number(request.query['limit'] ?? 50)
      const page = await orAway(candidates.list((request.query['after'] as string | undefined) ?? null, limit))
      const rows = page.map(kept => kept.row)
      return { body: { candidates: rows, next: rows.length === limit ? (rows.at(-1)?.candidate_id ?? null) : null } }
    },
  },
]
