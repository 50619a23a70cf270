import { versionSubject } from '../contract/capability.ts'
import type { EventContract } from '../contract/contract.ts'
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

/** In which version this service tells its events, and the change of it. */
export function versionRoutes(options: {
  readonly service: string
  readonly events: readonly EventContract[]
  readonly stores: Pick<Stores, 'switch' | 'consumer'>
  readonly switches: SwitchCache
  readonly clock: Clock
  readonly random: Random
  readonly flipped: () => void
}): RouteDefinition[] {
  const { service, stores, clock, random } = options
  const own = options.events.filter(event => event.service === service)
  const operator = { policy: 'operator', tags: ['operator'] } as const
  return [
    {
      ...operator,
      method: 'GET',
      path: '/operator/versions/{event}',
      operationId: 'operatorTold',
      summary: 'In which version this service tells an event, the newest that this build knows, and the epoch.',
      params: {
        type: 'object',
        additionalProperties: false,
        required: ['event'],
        properties: { event: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9]+$' } },
      },
      async handle({ params }) {
        const event = own.find(one => one.name === params['event'])
        if (event === undefined) throw new Problem('event_unknown', { detail: `${service} states no ${params['event'] ?? ''}` })
        const { epoch, versions } = await options.switches.reload()
        return { body: { event: event.name, newest: event.versions.length - 1, version: versions[event.name] ?? 0, epoch } }
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
          event: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9]+$' },
          version: { type: 'integer', minimum: 0, maximum: 1_000 },
          term: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
          dry_run: { type: 'boolean' },
        },
      },
      handle: async request => {
        const { dry_run: dryRun = false, ...wanted } = request.body as VersionOrder
        const event = own.find(one => one.name === wanted.event)
        if (event === undefined) throw new Problem('event_unknown', { detail: `${service} states no ${wanted.event}` })
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
