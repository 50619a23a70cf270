import { versionSubject } from '../contract/capability.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import { Problem } from '../failure/problem.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Clock, Random } from '../process/clock.ts'
import { flipVersion, type SwitchCache } from '../switch/switch.ts'
import { allCan } from './permits.ts'
import type { Stores } from './stores.ts'

interface VersionOrder {
  readonly event: string
  readonly version: number
  readonly term: number
  readonly dry_run?: boolean
}

const name = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9]+$' } as const
const closed = (properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
})

/** In which version this service tells its events, the change of it, and what of a version is on its way. */
export function versionRoutes(options: {
  readonly service: string
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly stores: Pick<Stores, 'switch' | 'consumer' | 'relay'>
  readonly switches: SwitchCache
  readonly clock: Clock
  readonly random: Random
  readonly flipped: () => void
}): RouteDefinition[] {
  const { service, stores, clock, random } = options
  const own = options.events.filter(event => event.service === service)
  const operator = { policy: 'operator', tags: ['operator'] } as const

  function eventOf(name: string | undefined): EventContract {
    const event = own.find(one => one.name === name)
    if (event === undefined) throw new Problem('event_unknown', { detail: `${service} states no ${name ?? ''}` })
    return event
  }

  async function toldNow(event: EventContract): Promise<{ readonly version: number; readonly epoch: number }> {
    const { epoch, versions } = await options.switches.reload()
    return { version: versions[event.name] ?? 0, epoch }
  }

  return [
    {
      ...operator,
      method: 'GET',
      path: '/operator/versions/{event}',
      operationId: 'operatorTold',
      summary: 'In which version this service tells an event, the newest that this build knows, and the epoch.',
      params: closed({ event: name }),
      async handle({ params }) {
        const event = eventOf(params['event'])
        return { body: { event: event.name, newest: event.versions.length - 1, ...(await toldNow(event)) } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/versions/{event}/draining/{link}',
      operationId: 'operatorVersionDraining',
      summary: 'The facts of a link that were stated in a version of its event: how many, and which are not known to be terminal.',
      params: closed({ event: name, link: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' } }),
      query: closed({ version: { type: 'string', pattern: '^[0-9]{1,3}$' }, compared: { type: 'string', pattern: '^[0-9]{1,18}$' } }),
      async handle({ params, query }) {
        const event = eventOf(params['event'])
        const link = options.links.find(one => one.id === params['link'] && one.from === service && one.event === event.name)
        if (link === undefined)
          throw new Problem('link_unknown', { detail: `${params['link'] ?? ''} carries no ${event.name} from ${service}` })
        const way = { version: Number(query['version']) }
        // As for a route: the switch is read first, and again at the end. That it tells another version is the fence: the
        // flip had the lock alone, so no transaction is open that could still tell this one.
        const before = await toldNow(event)
        const facts = await stores.relay.statedFor(link.id, way)
        const rest = await stores.relay.rest(link.id, way, BigInt(query['compared'] as string))
        const { epoch, seen } = await stores.switch.read()
        if ((await toldNow(event)).version !== before.version)
          throw new Problem('switch_busy', {
            detail: `the version of ${event.name} moved while its facts were counted; ask again`,
            retryable: true,
          })
        return { body: { told: before.version, epoch, epoch_seen: seen, ...facts, ...rest } }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/versions',
      operationId: 'moveVersion',
      repeats: { noKey: 'an event that is told in that version already is not moved again, and a term that was overtaken is refused' },
      summary: 'Moves the version in which an event is told. When it answers, no fact in the old one can appear any more.',
      body: {
        type: 'object',
        additionalProperties: false,
        required: ['event', 'version', 'term'],
        properties: {
          event: name,
          version: { type: 'integer', minimum: 0, maximum: 1_000 },
          term: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
          dry_run: { type: 'boolean' },
        },
      },
      handle: async request => {
        const { dry_run: dryRun = false, ...wanted } = request.body as VersionOrder
        const event = eventOf(wanted.event)
        if (wanted.version >= event.versions.length) {
          throw new Problem('version_unknown', {
            detail: `this build knows ${event.name} up to version ${event.versions.length - 1}; deploy one that knows ${wanted.version}`,
          })
        }
        const flipped = await flipVersion(stores.switch, { ...wanted, dryRun }, clock, random, async tx => {
          if (wanted.version > 0) await allCan(stores.consumer, tx, 'state', versionSubject(event.name, wanted.version))
        })
        if (!dryRun) options.flipped()
        return { body: { event: event.name, version: wanted.version, ...flipped, dry_run: dryRun } }
      },
    },
  ]
}
