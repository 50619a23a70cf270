// A system of two services in memory, for tests of runs: it obeys the rules that the real one keeps, and moves a little
// with every look at it.
import type { EventContract, LinkContract } from 'cutover/contract'
import { Problem } from 'cutover/failure'
import { defineEvent } from 'cutover/contract'
// Knows the problems of services that are away or refuse.
import '../engine/services/directory.ts'
import type { Instance, World } from '../engine/plan/world.ts'

export const link = {
  id: 'COMM-040',
  from: 'hiring',
  to: 'bonuses',
  kind: 'business',
  title: 'credit',
  event: 'TaskCompleted',
  http: { method: 'POST', path: '/credits' },
  start: 'http',
  order: 'commutes',
  movable: true,
} satisfies LinkContract

const document = { title: 'TaskCompleted', type: 'object', properties: { payload: { type: 'object' } }, required: ['payload'] } as const
export const event: EventContract = defineEvent({
  name: 'TaskCompleted',
  service: 'hiring',
  topic: 'hiring.task-completed',
  partitions: 4,
  versions: [document],
  bounds: document,
  orderKey: () => 'k',
  businessKey: () => 'k',
})

export interface TestWorld {
  readonly world: (run: string | null) => World
  /** What is so now, in a form to compare. */
  state(): object
  /** Whatever asks this service is told that it is away. */
  away: string | null
  /** The pairs that the comparison has found different. */
  different: number
  /** Why a dry run of the switch is refused. */
  refuseTurn: string | null
  /** Facts of the old route that have not arrived. */
  outstanding: number
  /** Facts of the new route that are dead letters. */
  dead: number
  /** Every order that changed something. */
  readonly orders: string[]
}

export function openTestWorld(digest: string): TestWorld {
  const capabilities: Record<string, Set<string>> = { hiring: new Set(['call:COMM-040']), bonuses: new Set(['serve:COMM-040']) }
  const wanted: Record<string, Set<string>> = { hiring: new Set(capabilities['hiring']), bonuses: new Set(capabilities['bonuses']) }
  const registered = new Map<string, string | null>()
  const stand = { route: 'http' as 'http' | 'event', share: 100, shadow: false, epoch: 1 }
  let pairs = 0
  /** Facts of the new route that have arrived since the switch stands like this. */
  let arrived = 0
  const self: TestWorld = {
    away: null,
    different: 0,
    refuseTurn: null,
    outstanding: 0,
    dead: 0,
    orders: [],
    state: () => ({
      hiring: [...(capabilities['hiring'] ?? [])].toSorted(),
      bonuses: [...(capabilities['bonuses'] ?? [])].toSorted(),
      registered: [...registered.keys()].toSorted(),
      route: stand.route,
      ...(stand.share === 100 ? {} : { share: stand.share }),
      shadow: stand.shadow,
    }),
    world,
  }

  function ask(service: string): void {
    if (self.away === service)
      throw new Problem('service_away', {
        detail: `${service} does not answer`,
        retryable: true,
        extensions: { service, reason: 'refused' },
      })
  }

  /** A share needs both ways: the sender's permit in the real one. */
  function needBoth(): void {
    const lacks = ['call:COMM-040', 'produce:COMM-040'].find(one => capabilities['hiring']?.has(one) !== true)
    if (lacks !== undefined) throw new Problem('service_refused', { detail: `hiring has no ${lacks}` })
  }

  function world(run: string | null): World {
    return {
      run,
      link: () => link,
      event: () => event,
      async instances(service): Promise<readonly Instance[]> {
        ask(service)
        // A rollout is over by the next look.
        const now = [...(capabilities[service] ?? [])]
        capabilities[service] = new Set(wanted[service])
        return [{ id: `${service}-1`, capabilities: now, build: 'test' }]
      },
      positions: async () => ({ stored: 4, partitions: 4 }),
      async knownVersions(service) {
        ask(service)
        return [{ event: event.name, version: 0, digest }]
      },
      async switchOf() {
        ask('hiring')
        return { ...stand }
      },
      async turn(order, dryRun = false) {
        ask('hiring')
        if (self.refuseTurn !== null) throw new Problem('service_refused', { detail: self.refuseTurn })
        const { route, share = 100, shadow } = order
        if (share < 100) needBoth()
        if (dryRun || (stand.route === route && stand.share === share && stand.shadow === shadow)) return
        Object.assign(stand, { route, share, shadow, epoch: stand.epoch + 1 })
        self.orders.push(`route ${route}${share === 100 ? '' : ` for ${share} %`}${shadow ? ' with shadow' : ''}`)
        pairs = 0
        arrived = 0
      },
      async parity() {
        ask('bonuses')
        if (stand.shadow) pairs += 20
        const equal = pairs - self.different
        const counts = { missing: 0, extra: 0, late: 0, undecided: 0, rate: 20 }
        return { link: link.id, since_epoch: stand.shadow ? stand.epoch : null, facts: pairs, equal, different: self.different, ...counts }
      },
      async draining(_, route, since) {
        ask('hiring')
        const { share } = stand
        if (since !== undefined) {
          arrived += 8
          return {
            route: stand.route,
            share,
            issued: arrived + 3,
            outstanding: 3 + self.dead,
            onTheirWay: 3,
            retrying: 0,
            parked: 0,
            dead: self.dead,
          }
        }
        self.outstanding = Math.max(0, self.outstanding - 1)
        const rest = share < 100 || route === stand.route ? 5 : self.outstanding
        return { route: stand.route, share, issued: 10, outstanding: rest, onTheirWay: rest, retrying: 0, parked: 0, dead: 0 }
      },
      registry: {
        has: async (name, version) =>
          registered.has(`${name} v${version}`) ? { run: registered.get(`${name} v${version}`) ?? null } : null,
        add: async (name, version, by) => {
          if (!registered.has(`${name} v${version}`)) registered.set(`${name} v${version}`, by)
        },
        remove: async (name, version) => void registered.delete(`${name} v${version}`),
      },
      deployer: {
        async deploy(service, { add, remove, dryRun = false }) {
          ask('deployer')
          if (dryRun) return
          const next = new Set([...(wanted[service] ?? []), ...add].filter(one => !remove.includes(one)))
          if ([...next].toSorted().join() === [...(wanted[service] ?? [])].toSorted().join()) return
          wanted[service] = next
          self.orders.push(`deploy ${service}: ${[...next].toSorted().join(' ')}`)
        },
      },
    }
  }

  return self
}
