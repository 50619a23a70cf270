import type { HttpRequest, RouteDefinition } from 'cutover/http/server'
import { paths, type Route } from '../api/contract.ts'
import type { ApplyRequest, ApproveRequest, RunVerb, RunView } from '../api/plan.ts'
import { parsePortions } from '../api/portions.ts'
import { everybody, whoOf } from '../session/who.ts'
import type { Orders } from './orders.ts'

const id = { type: 'string', minLength: 1, maxLength: 64 } as const
const to = { type: 'string', enum: ['http', 'event'] } as const
const params = { type: 'object', additionalProperties: false, required: ['id'], properties: { id } } as const
const listMax = 100

/** Plans and runs, and the orders that operators give them. An order is taken at once and carried out by the engine that acts. */
export function runRoutes(orders: Orders): RouteDefinition[] {
  const ordering = { policy: 'operator', tags: ['runs'] } as const
  const looking = { policy: everybody, tags: ['runs'] } as const
  const idOf = (request: HttpRequest): string => request.params['id'] ?? ''

  const order = (verb: RunVerb, summary: string, give: (run: string, who: string) => Promise<RunView>): RouteDefinition => ({
    ...ordering,
    method: 'POST',
    path: paths[verb],
    operationId: `${verb}Run`,
    repeats: { noKey: 'a run takes an order only in the state for it; repeated, it is answered with the run or with run_state' },
    summary,
    params,
    handle: async request => ({ status: 202, body: await give(idOf(request), whoOf(request)) }),
  })

  return [
    {
      ...looking,
      method: 'GET',
      path: paths.plan,
      operationId: 'showPlan',
      summary: 'The plan that takes a link to a route: its steps, what each would do now, its gate, and the way back',
      params,
      query: {
        type: 'object',
        additionalProperties: false,
        properties: { to, portions: { type: 'string', pattern: '^[0-9]{1,3}(,[0-9]{1,3}){0,9}$' } },
      },
      async handle(request) {
        const { to: route, portions } = request.query as { to?: Route; portions?: string }
        return { body: await orders.plan(idOf(request), route, portions === undefined ? undefined : parsePortions(portions)) }
      },
    },
    {
      ...ordering,
      method: 'POST',
      path: paths.apply,
      operationId: 'applyPlan',
      repeats: { noKey: 'one unfinished run holds the link; a second is refused with run_exists, which names the first' },
      summary: 'Begins a run of the plan, or turns one forward that is on its way back',
      params,
      body: {
        type: 'object',
        additionalProperties: false,
        properties: {
          to,
          hash: { type: 'string', maxLength: 64 },
          until: { type: 'string', minLength: 1, maxLength: 16 },
          portions: { type: 'array', maxItems: 10, items: { type: 'integer', minimum: 0, maximum: 999 } },
        },
      },
      handle: async request => ({ status: 202, body: await orders.apply(idOf(request), request.body as ApplyRequest, whoOf(request)) }),
    },
    {
      ...looking,
      method: 'GET',
      path: paths.runs,
      operationId: 'listRuns',
      summary: 'The latest runs, newest first',
      query: { type: 'object', additionalProperties: false, properties: { limit: { type: 'string', pattern: '^[1-9][0-9]?$' } } },
      handle: async request => ({ body: await orders.list(Number(request.query['limit'] ?? listMax)) }),
    },
    {
      ...looking,
      method: 'GET',
      path: paths.run,
      operationId: 'showRun',
      summary: 'A run with its steps and gates',
      params,
      handle: async request => ({ body: await orders.get(idOf(request)) }),
    },
    order('pause', 'Pauses a run after the move that it is making', orders.pause),
    order('resume', 'Goes on with a paused run, or tries a failed step again', orders.resume),
    order('revert', 'Undoes what a run has done, step by step, back to the start', orders.revert),
    {
      ...looking,
      method: 'POST',
      path: paths.approve,
      operationId: 'approveRun',
      repeats: { noKey: 'the approval is bound to run and hash, and there is one' },
      summary: 'Approves that a run passes its point of no return; by somebody else than who ordered it',
      params,
      body: { type: 'object', additionalProperties: false, required: ['hash'], properties: { hash: { type: 'string', maxLength: 64 } } },
      handle: async request => ({
        body: await orders.approve(idOf(request), (request.body as ApproveRequest).hash, whoOf(request)),
      }),
    },
    order('complete', 'Lets a finished run pass its point of no return: the old route is taken out', orders.complete),
  ]
}
