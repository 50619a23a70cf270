// A system of two services in memory, for tests of runs: it obeys the rules that the real one keeps, and moves a little
// with every look at it.
import assert from 'node:assert/strict'
import type { EventContract, LinkContract, Route } from 'cutover/contract'
import { startingCapabilities } from 'cutover/contract/capability'
import { Problem } from 'cutover/failure'
import { defineEvent } from 'cutover/contract'
// Knows the problems of services that are away or refuse.
import '../engine/services/directory.ts'
import type { Said } from '../engine/api/plan.ts'
import { type Certifier, openCertifier } from '../engine/certificate/certificate.ts'
import type { Certificates } from '../engine/certificate/store.ts'
import type { Instance, TopicStand, World } from '../engine/plan/world.ts'
import { openTestData } from './small-data.ts'
import { registryOf } from './small-registry.ts'

export const creditLink = {
  id: 'COMM-040',
  from: 'hiring',
  to: 'bonuses',
  kind: 'business',
  title: 'credit',
  event: 'TaskCompleted',
  http: { method: 'POST', path: '/credits' },
  start: 'http',
  order: 'commutes',
} satisfies LinkContract

const document = { title: 'TaskCompleted', type: 'object', properties: { payload: { type: 'object' } }, required: ['payload'] } as const
export const creditEvent: EventContract = defineEvent({
  name: 'TaskCompleted',
  service: 'hiring',
  topic: 'hiring.task-completed',
  partitions: 4,
  versions: [document],
  bounds: document,
  orderKey: () => 'k',
  businessKey: () => 'k',
})

const absent = (): never => assert.fail('nothing but a link is moved here')
const noChange = {
  ignorantOf: absent,
  columns: absent,
  columnsTo: absent,
  fill: absent,
  compareColumns: absent,
  versionOf: absent,
  turnVersion: absent,
  drainingVersion: absent,
}

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
  /** Messages of the old route that came after the switch. */
  strays: number
  /** Why a count proves nothing. */
  unsure: Said | null
  /** Every order that changed something. */
  readonly orders: string[]
}

/** One link and its event, on the route on which a test begins. */
export interface Subject {
  readonly link: LinkContract
  readonly event: EventContract
  readonly on: Route
}

/** Certificates are kept in the store that is given, and judged by the clock that is given. */
export function openTestWorld(
  digest: string,
  certificates: Certificates,
  now: () => number,
  { link, event, on }: Subject = { link: creditLink, event: creditEvent, on: 'http' },
): TestWorld {
  const { from, to } = link
  const started = { ...link, start: on }
  const capabilities: Record<string, Set<string>> = Object.fromEntries(
    [from, to].map(service => [service, new Set<string>(startingCapabilities([started], service))]),
  )
  const wanted = Object.fromEntries(Object.entries(capabilities).map(([service, all]) => [service, new Set(all)]))
  const registered = new Map<string, string | null>(on === 'event' ? [[`${event.name} v0`, null]] : [])
  const stand = { route: on, share: 100, shadow: false, epoch: 1 }
  const data = openTestData(started, orders => self.orders.push(orders))
  let topic: TopicStand['state'] = 'open'
  let pairs = 0
  /** Facts of the new route that have arrived since the switch stands like this. */
  let arrived = 0
  const self: TestWorld = {
    away: null,
    different: 0,
    refuseTurn: null,
    outstanding: 0,
    dead: 0,
    strays: 0,
    unsure: null,
    orders: [],
    state: () => ({
      ...Object.fromEntries([from, to].map(service => [service, [...(capabilities[service] ?? [])].toSorted()])),
      registered: [...registered.keys()].toSorted(),
      route: stand.route,
      ...(stand.share === 100 ? {} : { share: stand.share }),
      shadow: stand.shadow,
      ...(topic === 'open' ? {} : { topic }),
      ...(link.kind === 'data' ? data.state() : {}),
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

  function certifier(run: string | null): Certifier {
    const { draining } = world(run)
    return openCertifier({ certificates, linkOf: () => link, draining, now, run: run ?? '', term: 7 })
  }

  /** A share needs both ways: the sender's permit in the real one. */
  function needBoth(): void {
    const lacks = [`call:${link.id}`, `produce:${link.id}`].find(one => capabilities[from]?.has(one) !== true)
    if (lacks !== undefined) throw new Problem('service_refused', { detail: `${from} has no ${lacks}` })
  }

  function world(run: string | null): World {
    return {
      run,
      now,
      link: () => link,
      event: () => event,
      async instances(service): Promise<readonly Instance[]> {
        ask(service)
        // A rollout is over by the next look.
        const now = [...(capabilities[service] ?? [])]
        capabilities[service] = new Set(wanted[service])
        return [{ id: `${service}-1`, capabilities: now, build: 'test', readings: { [link.id]: data.epoch() } }]
      },
      positions: async () => ({ stored: 4, partitions: 4 }),
      async knownVersions(service) {
        ask(service)
        return [{ event: event.name, version: 0, digest }]
      },
      async routeOf() {
        ask(from)
        return link.kind === 'business' ? stand.route : data.route()
      },
      links: () => [link],
      async switchOf() {
        ask(from)
        return { ...stand }
      },
      async turn(order, dryRun = false) {
        ask(from)
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
        ask(to)
        if (stand.shadow) pairs += 20
        const equal = pairs - self.different
        const counts = { missing: 0, extra: 0, late: 0, undecided: 0, rate: 20 }
        return { link: link.id, since_epoch: stand.shadow ? stand.epoch : null, facts: pairs, equal, different: self.different, ...counts }
      },
      async draining(_, route, since) {
        ask(from)
        const { share, epoch } = stand
        const late = { count: self.strays, fact: self.strays > 0 ? 'a-fact' : null, epoch: self.strays > 0 ? 1 : null }
        const told = { route: stand.route, share, since: epoch, newest: 1, retrying: 0, parked: 0, late, unsure: self.unsure }
        if (since !== undefined) {
          arrived += 8
          return { ...told, issued: arrived + 3, outstanding: 3 + self.dead, onTheirWay: 3, dead: self.dead }
        }
        self.outstanding = Math.max(0, self.outstanding - 1)
        const rest = share < 100 || route === stand.route ? 5 : self.outstanding
        return { ...told, issued: 10, outstanding: rest, onTheirWay: rest, dead: 0 }
      },
      ...data.world(() => ask(to)),
      topic: async () => ({ state: topic, quietMs: topic === 'quarantined' ? 60_000 : null, touches: [] }),
      async topicTo(_, change) {
        ask(from)
        const next = { open: 'open', restore: 'open', quarantine: 'quarantined', drop: 'absent' } as const
        if (topic !== next[change]) self.orders.push(`topic ${next[change]}`)
        topic = next[change]
      },
      series: async () => [],
      ...noChange,
      certify: (id, route, count) => certifier(run).certify(id, route, count),
      certificate: (id, route) => certifier(run).certificate(id, route),
      refuse: (id, route) => certifier(run).refuse(id, route),
      registry: registryOf(registered),
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
