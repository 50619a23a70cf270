import type { OutboxLoad } from '../backlog/capacity.ts'
import { type LinkContract, mayBeDirect, type Route } from '../contract/contract.ts'
import type { ConsumerStatus } from '../consumer/status.ts'
import { Problem } from '../failure/problem.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Reading } from '../reading/store.ts'
import type { DirectStatus } from '../relay/direct.ts'
import type { LaneStatus } from '../relay/lane.ts'
import { flip, raiseEpoch, type SwitchCache } from '../switch/switch.ts'
import type { Audit } from './audit.ts'
import type { Meter } from './meter.ts'
import { sendersCan } from './permits.ts'
import type { Stores } from './stores.ts'

export interface OperatorOptions {
  readonly service: string
  readonly instance: string
  readonly links: readonly LinkContract[]
  readonly stores: Stores
  readonly switches: SwitchCache
  readonly audits: readonly Audit[]
  /** Where reads are answered from, by link that this service reads. */
  readonly readings: () => Promise<Readonly<Record<string, Reading>>>
  readonly clock: Clock
  readonly random: Random
  readonly lanes: () => readonly LaneStatus[]
  readonly consumers: () => readonly ConsumerStatus[]
  readonly breakers: () => Readonly<Record<string, string>>
  /** The facts that this instance publishes from memory. */
  readonly direct: () => DirectStatus
  /** How full the outbox is; undefined where nothing is stated. */
  readonly outbox?: () => OutboxLoad
  /** Facts stated, or reads made, per link by this instance. */
  readonly meters: ReadonlyMap<string, Meter>
  /** Told after a flip, so that the other instances reload at once instead of on their next append. */
  readonly flipped: () => void
}

interface SwitchOrder {
  readonly link: string
  readonly route: Route
  readonly share?: number
  readonly shadow?: boolean
  readonly term: number
  readonly dry_run?: boolean
}

const id = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' } as const
const closed = (properties: object, required = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const facts = { type: 'array', maxItems: 5_000, items: { type: 'string', format: 'uuid' } } as const
const pageMax = 10_000

/** What a service tells operators and lets the engine change. Personal data never passes here. */
export function operatorRoutes(options: OperatorOptions): RouteDefinition[] {
  const { stores, links, service } = options
  const operator = { policy: 'operator', tags: ['operator'] } as const
  return [
    {
      ...operator,
      method: 'GET',
      path: '/operator/status',
      operationId: 'operatorStatus',
      summary: 'Where this instance stands: epoch, lanes, consumers, breakers, what is parked or dead.',
      handle: async () => {
        const { epoch, seen } = await stores.switch.read()
        return {
          body: {
            service,
            instance: options.instance,
            epoch,
            // Above the epoch only in a database that was restored from an older backup.
            epoch_seen: seen,
            lanes: options.lanes(),
            consumers: options.consumers(),
            direct: options.direct(),
            breakers: options.breakers(),
            ...(options.outbox === undefined ? {} : { outbox: options.outbox() }),
            counts: { ...(await stores.receive.counts()), http_retry: await stores.relay.retries() },
          },
        }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/instances',
      operationId: 'operatorInstances',
      summary: 'All instances of this service that live: what each can do, which versions it handles, and of which build it is.',
      handle: async () => ({ body: await stores.consumer.instances() }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/links',
      operationId: 'operatorLinks',
      summary:
        'The links whose route this service decides, or whose state it reads: route, the per cent of the keys that it carries, epoch, facts that are not terminal yet (up to 10,000), rate of this instance.',
      handle: async () => {
        const state = await options.switches.reload()
        const readings = await options.readings()
        const stopped = await stores.consumer.stopped()
        const open = await stores.relay.open(links.filter(link => link.from === service).map(link => link.id))
        const metered = (link: string): object => ({
          facts: options.meters.get(link)?.total ?? 0,
          rate: options.meters.get(link)?.rate() ?? 0,
        })
        return {
          body: links.flatMap((one): object[] => {
            const { id: link, kind, from, to, start } = one
            const switched = state.links[link]
            const { delivery = 'outbox' } = switched ?? {}
            const lossy = mayBeDirect(one) ? { delivery } : {}
            const stated = { link, epoch: state.epoch, open: open[link] ?? null, ...lossy, ...metered(link) }
            if (from === service && kind === 'business')
              return [{ ...stated, route: switched?.route ?? start, share: switched?.share ?? 100, shadow: switched?.shadow === true }]
            // On a data link the reader decides who answers, always for all keys; the owner tells what of the copy is on its way.
            if (from === service) return [{ ...stated, route: null, share: 100, shadow: false }]
            const reading = readings[link]
            if (to !== service) return []
            const gaps = stopped[link] === undefined ? {} : { data_gaps: stopped[link] }
            // What a business link's receiver says of it, only where there is something to say.
            if (reading === undefined) {
              const said = { link, route: null, share: 100, shadow: false, epoch: null, open: null, facts: null, rate: null, ...gaps }
              return stopped[link] === undefined ? [] : [said]
            }
            const { answers, compares, epoch } = reading
            const route = answers === 'http' ? 'http' : 'event'
            return [{ link, route, share: 100, shadow: compares, epoch, open: null, ...metered(link), ...gaps }]
          }),
        }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/switch',
      operationId: 'switchLink',
      repeats: { noKey: 'a switch that stands so already is not moved again, and a term that was overtaken is refused' },
      summary:
        'Moves the route of a link, for all business keys or for a share of them. When it answers, no fact with the old stamp can appear any more.',
      body: closed(
        {
          link: id,
          route: { enum: ['http', 'event'] },
          // Per cent of the business keys; the other route carries the rest.
          share: { type: 'integer', minimum: 1, maximum: 100 },
          shadow: { type: 'boolean' },
          term: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
          dry_run: { type: 'boolean' },
        },
        ['link', 'route', 'term'],
      ),
      handle: async request => {
        const { dry_run: dryRun = false, ...wanted } = request.body as SwitchOrder
        const link = links.find(one => one.id === wanted.link)
        if (link === undefined || link.from !== service)
          throw new Problem('link_unknown', { detail: `${service} does not decide the route of ${wanted.link}` })
        if (wanted.share !== undefined && wanted.share !== 100 && link.kind !== 'business')
          throw new Problem('link_not_shared', {
            detail: `${link.id} is a data link: it can be moved as a whole only. Nothing was switched; leave share out`,
          })
        const permit = sendersCan(stores.consumer, link.kind)
        const flipped = await flip(stores.switch, { ...wanted, dryRun }, options.clock, options.random, permit)
        if (!dryRun) options.flipped()
        return { body: { link: link.id, route: wanted.route, ...flipped, dry_run: dryRun } }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/epoch',
      operationId: 'raiseEpoch',
      repeats: { noKey: 'an epoch that is high enough is not raised again' },
      summary: 'Raises the epoch of a database that was restored from a backup above all that its peers have seen of it.',
      body: closed({ at_least: { type: 'integer', minimum: 1, maximum: 1_000_000_000_000 }, term: { type: 'integer', minimum: 0 } }),
      handle: async request => {
        const { at_least: atLeast, term } = request.body as { at_least: number; term: number }
        const raised = await raiseEpoch(stores.switch, { atLeast, term }, options.clock, options.random)
        options.flipped()
        return { body: raised }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/receipts',
      operationId: 'operatorReceipts',
      repeats: { noKey: 'it only reads' },
      summary: 'What this receiver has of the facts: a receipt, parked, or a dead letter.',
      body: closed({ link: id, facts }),
      handle: async request => {
        const asked = request.body as { link: string; facts: string[] }
        const { parked, dead } = await stores.receive.answer(asked.link, asked.facts)
        return { body: { receipts: await stores.receive.outcomes(asked.link, asked.facts), parked, dead } }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/open',
      operationId: 'operatorOpen',
      repeats: { noKey: 'it only reads' },
      summary: 'Which of these facts this sender still holds in its outbox, and so will see through.',
      body: closed({ link: id, facts }),
      handle: async request => {
        const asked = request.body as { link: string; facts: string[] }
        return { body: { carried: await stores.relay.held(asked.link, asked.facts) } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/audits/{link}/{side}',
      operationId: 'auditPage',
      summary: 'Plain business rows of one side of a link, page by page, for verify.',
      params: closed({ link: id, side: { enum: ['fact', 'effect'] } }),
      query: closed({ after: { type: 'string', maxLength: 200 }, limit: { type: 'string', pattern: '^[0-9]{1,5}$' } }, []),
      handle: async request => {
        const limit = Math.min(Number(request.query['limit'] ?? 1_000), pageMax)
        return {
          body: await auditOf(options.audits, request.params).page(
            (request.query['after'] as string | undefined) ?? null,
            Math.max(1, limit),
          ),
        }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/audits/{link}/{side}/find',
      operationId: 'auditFind',
      repeats: { noKey: 'it only reads' },
      summary: 'The same for given keys.',
      params: closed({ link: id, side: { enum: ['fact', 'effect'] } }),
      body: closed({ keys: { type: 'array', maxItems: 5_000, items: { type: 'string', maxLength: 200 } } }),
      handle: async request => ({
        body: { rows: await auditOf(options.audits, request.params).find((request.body as { keys: string[] }).keys) },
      }),
    },
  ]
}

function auditOf(audits: readonly Audit[], params: Readonly<Record<string, string>>): Audit {
  const audit = audits.find(one => one.link === params['link'] && one.side === params['side'])
  if (audit === undefined) throw new Problem('not_found', { detail: `this service has no ${params['side']} side of ${params['link']}` })
  return audit
}
