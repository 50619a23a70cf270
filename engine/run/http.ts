import type { HttpRequest, RouteDefinition } from 'cutover/http/server'
import { paths, type Route } from '../api/contract.ts'
import { parsePortions } from '../api/portions.ts'
import type { ApplyRequest, RunVerb, RunView } from '../api/plan.ts'
import type { Orders } from './orders.ts'

const id = { type: 'string', minLength: 1, maxLength: 64 } as const
const to = { type: 'string', enum: ['http', 'event'] } as const
const params = { type: 'object', additionalProperties: false, required: ['id'], properties: { id } } as const
const listMax = 100

/** Plans and runs, and the orders that operators give them. An order is taken at once and carried out by the engine that acts. */
export function runRoutes(orders: Orders): RouteDefinition[] {
  const operator = { policy: 'operator', tags: ['runs'] } as const
  const idOf = (request: HttpRequest): string => request.params['id'] ?? ''

  const order = (verb: RunVerb, summary: string, give: (run: string, who: string) => Promise<RunView>): RouteDefinition => ({
    ...operator,
    method: 'POST',
    path: paths[verb],
    operationId: `${verb}Run`,
    summary,
    params,
    handle: async request => ({ status: 202, body: await give(idOf(request), 'operator') }),
  })

  return [
    {
      ...operator,
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
      ...operator,
      method: 'POST',
      path: paths.apply,
      operationId: 'applyPlan',
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
      handle: async request => ({ status: 202, body: await orders.apply(idOf(request), request.body as ApplyRequest, 'operator') }),
    },
    {
      ...operator,
      method: 'GET',
      path: paths.runs,
      operationId: 'listRuns',
      summary: 'The latest runs, newest first',
      query: { type: 'object', additionalProperties: false, properties: { limit: { type: 'string', pattern: '^[1-9][0-9]?$' } } },
      handle: async request => ({ body: await orders.list(Number(request.query['limit'] ?? listMax)) }),
    },
    {
      ...operator,
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
    order('complete', 'Lets a finished run pass its point of no return: the old route is taken out', orders.complete),
  ]
}
