import type { Database } from 'cutover/database'
import { Problem, extendProblems } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { type HistoryAnswer, type LinkRow, type SwitchAnswer, type SwitchRequest, type VerifyReport, paths } from './api/contract.ts'
import { readHistory } from './history/history.ts'
import type { Mover } from './links/move.ts'
import { everybody, whoOf } from './session/who.ts'

extendProblems({ verify_running: { status: 409, title: 'A verification is running' } })

export interface EngineRoutes {
  readonly database: Database
  readonly mover: Mover
  readonly gather: () => Promise<readonly LinkRow[]>
  readonly verify: () => Promise<VerifyReport>
}

/** The operator's interface: what `api/contract.ts` says, with its checks at the edge. */
export function engineRoutes({ database, mover, gather, verify }: EngineRoutes): RouteDefinition[] {
  let verifying = false
  return [
    {
      method: 'GET',
      path: paths.links,
      operationId: 'listLinks',
      summary: 'All links with their route and rate, gathered from the services',
      policy: everybody,
      handle: async () => ({ body: await gather() }),
    },
    {
      method: 'POST',
      path: paths.switch,
      operationId: 'switchLink',
      repeats: { noKey: 'a link that is on the route already is not moved again' },
      summary: 'Moves a link to a route; repeating it changes nothing',
      policy: 'operator',
      params: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        properties: { id: { type: 'string', minLength: 1, maxLength: 64 } },
      },
      body: {
        type: 'object',
        additionalProperties: false,
        required: ['to'],
        properties: { to: { type: 'string', enum: ['http', 'event'] } },
      },
      async handle(request) {
        const { to } = request.body as SwitchRequest
        const answer: SwitchAnswer = await mover.move(request.params.id ?? '', to, whoOf(request))
        return { body: answer }
      },
    },
    {
      method: 'GET',
      path: paths.history,
      operationId: 'readHistory',
      summary: 'What was ordered and done, newest first, and whether the chain of the whole history holds',
      policy: everybody,
      query: {
        type: 'object',
        additionalProperties: false,
        properties: {
          limit: { type: 'string', pattern: '^[1-9][0-9]{0,2}$' },
          link: { type: 'string', maxLength: 64 },
          run: { type: 'string', maxLength: 64 },
        },
      },
      async handle(request) {
        const { limit, ...filter } = request.query as { limit?: string; link?: string; run?: string }
        const answer: HistoryAnswer = await readHistory(database, { limit: Number(limit ?? 50), ...filter })
        return { body: answer }
      },
    },
    {
      method: 'POST',
      path: paths.verify,
      operationId: 'verify',
      repeats: { noKey: 'it only reads' },
      summary: 'Compares the business rows of sender and receiver of every link, and the sum of the ledger',
      policy: everybody,
      async handle() {
        if (verifying)
          throw new Problem('verify_running', { detail: 'one verification at a time; wait for it and ask again', retryable: true })
        verifying = true
        try {
          return { body: await verify() }
        } finally {
          verifying = false
        }
      },
    },
  ]
}
