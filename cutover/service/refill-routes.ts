import { type Delivery, type LinkContract, mayBeDirect } from '../contract/contract.ts'
import { Problem } from '../failure/problem.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { RefillCount } from '../relay/refill.ts'
import type { Refill } from '../relay/store.ts'
import type { SourceDefinition } from '../snapshot/source.ts'
import { redeliver, underTerm } from '../switch/switch.ts'
import type { Stores } from './stores.ts'

const id = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' } as const
const term = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const closed = (properties: object, required = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})

export interface DeliveryRoutesOptions {
  readonly service: string
  readonly links: readonly LinkContract[]
  readonly sources: readonly SourceDefinition[]
  readonly stores: Stores
  readonly clock: Clock
  readonly random: Random
  readonly countRefill: (link: string) => Promise<RefillCount>
  /** Told after the switch has moved, so that the other instances reload at once instead of on their next append. */
  readonly flipped: () => void
}

/** How the facts of this service's links leave for the log, and how what the log has lost is sent again. */
export function refillRoutes(options: DeliveryRoutesOptions): RouteDefinition[] {
  const { service, links, sources, stores, clock, random } = options
  const operator = { policy: 'operator', tags: ['operator'] } as const

  function linkOf(name: string): LinkContract {
    const link = links.find(one => one.id === name)
    if (link !== undefined && link.from === service) return link
    throw new Problem('link_unknown', { detail: `${service} states no facts of ${name}; ask the service that sends it` })
  }

  /** What was lost while the link was direct is known to nobody: all of it is told once more, and a copy takes what it lacks. */
  async function tellAnew(link: string, order: { readonly term: number }): Promise<boolean> {
    const source = sources.find(one => one.links[link] !== undefined)
    const stand = await stores.switch.since(link)
    if (source === undefined || stand?.route !== 'event') return false
    await stores.snapshot.transaction(async tx => {
      await underTerm(stores.switch, tx, order.term)
      // Named after the epoch, so that a repeated order does not begin it again.
      await stores.snapshot.begin(tx, source, link, `delivery:${stand.epoch}`)
    })
    return true
  }

  return [
    {
      ...operator,
      method: 'POST',
      path: '/operator/delivery',
      operationId: 'redeliverLink',
      repeats: { noKey: 'a link that leaves so already is not moved again, and a term that was overtaken is refused' },
      summary:
        'Sets whether the facts of a link leave by the outbox, or direct, from memory, where a crash loses them. To the outbox it also tells everything anew.',
      body: closed({ link: id, delivery: { enum: ['outbox', 'direct'] }, term, dry_run: { type: 'boolean' } }, [
        'link',
        'delivery',
        'term',
      ]),
      async handle(request) {
        const order = request.body as { link: string; delivery: Delivery; term: number; dry_run?: boolean }
        const { delivery, dry_run: dryRun = false } = order
        const link = linkOf(order.link)
        if (delivery === 'direct' && !mayBeDirect(link)) {
          const may = links.filter(one => one.from === service && mayBeDirect(one)).map(one => one.id)
          throw new Problem('delivery_not_allowed', {
            detail: `${link.id} does not declare that it may lose facts, so it stays on the outbox. Nothing was changed. Links of ${service} that may be direct: ${may.join(', ') || 'none'}`,
          })
        }
        const done = await redeliver(stores.switch, { link: link.id, delivery, term: order.term, dryRun }, clock, random)
        if (!dryRun) options.flipped()
        const tells = !dryRun && delivery === 'outbox' && mayBeDirect(link) && (await tellAnew(link.id, order))
        const { from, epoch, changed } = done
        return { body: { link: link.id, delivery, from, epoch, changed, tells_anew: tells, dry_run: dryRun } }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/refills',
      operationId: 'orderRefill',
      repeats: { noKey: 'a refill that is under way goes on instead, and what arrives twice has no second effect' },
      summary:
        'Sends the facts of a link that are not terminal to the log once more; or only counts them. One that is under way goes on instead.',
      body: closed({ link: id, term, dry_run: { type: 'boolean' } }, ['link', 'term']),
      async handle(request) {
        const order = request.body as { link: string; term: number; dry_run?: boolean }
        const link = linkOf(order.link)
        if (order.dry_run === true) return { body: { link: link.id, dry_run: true, ...(await options.countRefill(link.id)) } }
        await stores.snapshot.transaction(tx => underTerm(stores.switch, tx, order.term))
        return { body: viewOf(link.id, await stores.relay.askRefill(link.id, null)) }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/refills/{link}',
      operationId: 'operatorRefill',
      summary: 'How far the last refill of a link has come.',
      params: closed({ link: id }),
      async handle(request) {
        const link = linkOf(request.params['link'] ?? '')
        return { body: viewOf(link.id, await stores.relay.refill(link.id)) }
      },
    },
  ]
}

function viewOf(link: string, refill: Refill | null): object {
  if (refill === null) return { link, state: 'none' }
  const { number, gap, position, until, looked, sent, beganAt, endedAt } = refill
  return {
    link,
    state: endedAt === null ? 'under_way' : 'done',
    number: Number(number),
    asked_by: gap === null ? 'operator' : 'consumer',
    // Positions, not facts: those of other links lie between.
    left: endedAt === null && until > position ? Number(until - position) : 0,
    looked,
    sent,
    began_at: beganAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
  }
}
