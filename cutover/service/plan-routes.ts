import type { EventContract, LinkContract, Route } from '../contract/contract.ts'
import { Problem } from '../failure/problem.ts'
import type { HttpRequest, RouteDefinition } from '../http/server.ts'
import type { Stated } from '../relay/store.ts'
import type { Stand } from '../switch/store.ts'
import type { Stores } from './stores.ts'

const id = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' } as const
const closed = (properties: object, required = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const routeName = { type: 'string', enum: ['http', 'event'] } as const
const position = { type: 'string', pattern: '^[0-9]{1,18}$' } as const
const since = { type: 'string', pattern: '^[0-9]{1,15}$' } as const
const verdicts = ['equal', 'different', 'missing', 'extra', 'late', 'undecided'] as const
/** A fact that is younger is still on its way, and no evidence either way. */
const settleMs = 5_000

export interface PlanRoutesOptions {
  readonly service: string
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly stores: Stores
}

/** What the gates of plans ask a service: numbers and ids, never payloads. */
export function planRoutes({ service, links, events, stores }: PlanRoutesOptions): RouteDefinition[] {
  const operator = { policy: 'operator', tags: ['operator'] } as const
  const params = closed({ link: id })
  const stated = new Map<string, Stated>()

  /** The link of the path, as long as this service is on that side of it. */
  function linkOf(request: HttpRequest, side: 'from' | 'to'): LinkContract {
    const link = links.find(one => one.id === request.params['link'])
    if (link !== undefined && link[side] === service) return link
    throw new Problem('link_unknown', { detail: `${request.params['link'] ?? ''} is no link that leads ${side} ${service}` })
  }

  async function standOf(link: LinkContract): Promise<Stand & { readonly epoch: number }> {
    const stand = await stores.switch.since(link.id)
    if (stand !== null) return stand
    throw new Problem('link_unknown', { detail: `${service} does not decide the route of ${link.id}` })
  }

  return [
    {
      ...operator,
      method: 'GET',
      path: '/operator/versions',
      operationId: 'operatorVersions',
      summary: 'Every event version that is registered here, with the digest of its document.',
      handle: async () => ({ body: await stores.registry.all() }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/switches/{link}',
      operationId: 'operatorSwitch',
      summary:
        'How the switch of a link stands, with the per cent of the keys that its route carries, and the epoch at which it came to stand like this.',
      params,
      async handle(request) {
        const link = linkOf(request, 'from')
        return { body: await standOf(link) }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/draining/{link}',
      operationId: 'operatorDraining',
      summary:
        'The facts of a link that were stated for a route, or only those since an epoch: how many, and which are not known to be terminal. With a share below 100 both routes get more.',
      params,
      query: closed({ route: routeName, compared: position, since }, ['route', 'compared']),
      async handle(request) {
        const link = linkOf(request, 'from')
        const route = request.query['route'] as Route
        const from = Number(request.query['since'] ?? 0)
        // The switch is read first, and again at the end: it must not have moved while the facts were counted. That it has
        // left the route is the fence: the flip had the lock alone, so no transaction of the epoch before it is open.
        const stand = await standOf(link)
        const { epoch, seen } = await stores.switch.read()
        // Once the switch has left the route, the set is final: it is counted once, however often it is asked for.
        const key = `${link.id} ${route} ${stand.epoch} ${from}`
        const facts = stated.get(key) ?? (await stores.relay.statedFor(link.id, { route, since: from }))
        const rest = await stores.relay.rest(link.id, { route, since: from }, BigInt(request.query['compared'] as string))
        const { epoch: after } = await standOf(link)
        if (after !== stand.epoch)
          throw new Problem('switch_busy', {
            detail: `the switch of ${link.id} moved while its facts were counted; ask again`,
            retryable: true,
          })
        if (stand.route !== route && stand.share === 100) stated.set(key, facts)
        return { body: { route: stand.route, share: stand.share, since: stand.epoch, epoch, epoch_seen: seen, ...facts, ...rest } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/late/{link}',
      operationId: 'operatorLate',
      summary: 'The messages of a link that came by a route after the link had left it, and what is remembered here of their sender.',
      params,
      query: closed({ route: routeName }),
      async handle(request) {
        const { id } = linkOf(request, 'to')
        const late = await stores.receive.late(id, request.query['route'] as Route)
        const [compared, epoch] = [await stores.receive.compared(id), await stores.receive.epochSeen(id)]
        return { body: { ...late, epoch_seen: epoch, compared: compared.toString() } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/positions/{link}',
      operationId: 'operatorPositions',
      summary: 'For how many partitions the consumer of a link has a stored position, of how many.',
      params,
      async handle(request) {
        const link = linkOf(request, 'to')
        const partitions = events.find(event => event.name === link.event)?.partitions ?? 0
        return { body: { stored: await stores.consumer.positions(`${service}.${link.id}`), partitions } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/parity/{link}',
      operationId: 'operatorParity',
      summary: 'How the effects of HTTP compare with those that the event would have had, for facts since an epoch.',
      params,
      query: closed({ since }),
      handle: async request => ({
        body: await stores.parity.totals(linkOf(request, 'to').id, Number(request.query['since']), settleMs),
      }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/parity/{link}/pairs',
      operationId: 'operatorPairs',
      summary: 'Pairs of effects beside each other, newest first.',
      params,
      query: closed({ since, verdict: { type: 'string', enum: verdicts }, key: { type: 'string', maxLength: 400 } }, ['since']),
      async handle(request) {
        const { verdict = null, key = null } = request.query as { verdict?: string; key?: string }
        return { body: await stores.parity.pairs(linkOf(request, 'to').id, Number(request.query['since']), { verdict, key }) }
      },
    },
  ]
}
