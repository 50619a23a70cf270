import type { LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { PairVerdict, ParityView } from '../api/plan.ts'
import { readPairs, readParity, readSwitch } from '../services/answers.ts'
import type { Directory } from '../services/directory.ts'
import { everybody } from '../session/who.ts'

const verdicts: readonly PairVerdict[] = ['equal', 'different', 'missing', 'extra', 'late', 'undecided']
const params = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: { id: { type: 'string', minLength: 1, maxLength: 64 } },
} as const
const deadlineMs = 5_000

/** How the effects of the two routes compare, down to one pair. While no shadow is on: what the last comparison left. */
export function parityRoutes(linkOf: (id: string) => LinkContract, directory: Directory): RouteDefinition[] {
  const looking = { policy: everybody, tags: ['parity'], params } as const
  const ask = (service: string, path: string): Promise<unknown> => directory.ask(service, { method: 'GET', path, deadlineMs })

  async function sinceOf({ id, from, kind }: LinkContract): Promise<number | null> {
    if (kind !== 'business') {
      throw new Problem('not_found', {
        detail: `${id} is a data link: it has no effects that could be compared. Its reads: cutover reads ${id}`,
      })
    }
    const { shadow, epoch } = readSwitch(await ask(from, `/operator/switches/${id}`))
    return shadow ? epoch : null
  }

  return [
    {
      ...looking,
      method: 'GET',
      path: paths.parity,
      operationId: 'showParity',
      summary: 'How many pairs are equal, different, missing, extra or late',
      async handle(request) {
        const link = linkOf(request.params['id'] ?? '')
        const since = await sinceOf(link)
        const seen = readParity(await ask(link.to, `/operator/parity/${link.id}?since=${since ?? 0}`))
        const answer: ParityView = { link: link.id, since_epoch: since, ...seen }
        return { body: answer }
      },
    },
    {
      ...looking,
      method: 'GET',
      path: paths.pairs,
      operationId: 'listPairs',
      summary: 'Pairs with both effects beside each other, newest first; by verdict, or the one of a business key',
      query: {
        type: 'object',
        additionalProperties: false,
        properties: { verdict: { type: 'string', enum: verdicts }, key: { type: 'string', maxLength: 400 } },
      },
      async handle(request) {
        const link = linkOf(request.params['id'] ?? '')
        const since = await sinceOf(link)
        const query = new URLSearchParams({ since: String(since ?? 0), ...(request.query as Record<string, string>) })
        return { body: readPairs(await ask(link.to, `/operator/parity/${link.id}/pairs?${query.toString()}`)) }
      },
    },
  ]
}
