import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { DeliveryRequest, RefillRequest } from '../api/refill.ts'
import { everybody, whoOf } from '../session/who.ts'
import type { Redeliverer } from './redeliver.ts'
import type { Refiller } from './refill.ts'

const closed = (properties: object, required = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const params = closed({ id: { type: 'string', minLength: 1, maxLength: 64 } })
const dryRun = { type: 'boolean' } as const

/** How the facts of a link leave for the log, and how what it has lost is sent again. */
export const refillRoutes = (redeliverer: Redeliverer, refiller: Refiller): RouteDefinition[] => [
  {
    method: 'POST',
    path: paths.redelivery,
    operationId: 'redeliverLink',
    repeats: { noKey: 'a link that leaves so already is not moved again' },
    summary: 'Sets whether the facts of a link leave by the outbox, or direct, where a crash loses them; repeating it changes nothing',
    policy: 'operator',
    params,
    body: closed({ to: { type: 'string', enum: ['outbox', 'direct'] }, dry_run: dryRun }, ['to']),
    async handle(request) {
      const { to, dry_run: dry = false } = request.body as DeliveryRequest
      return { body: await redeliverer.redeliver(request.params['id'] ?? '', to, whoOf(request), dry) }
    },
  },
  {
    method: 'POST',
    path: paths.refill,
    operationId: 'refillLink',
    repeats: { noKey: 'a refill that is under way goes on instead, and what arrives twice has no second effect' },
    summary: 'Sends the facts of a link that are not terminal to the log once more, or only counts them',
    policy: 'operator',
    params,
    body: closed({ dry_run: dryRun }, []),
    async handle(request) {
      const link = request.params['id'] ?? ''
      const { dry_run: dry = false } = request.body as RefillRequest
      return { body: dry ? await refiller.count(link) : await refiller.refill(link, whoOf(request)) }
    },
  },
  {
    method: 'GET',
    path: paths.refill,
    operationId: 'readRefill',
    summary: 'How far the last refill of a link has come',
    policy: everybody,
    params,
    handle: async request => ({ body: await refiller.last(request.params['id'] ?? '') }),
  },
]
