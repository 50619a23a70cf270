import type { EventContract, LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import type { Deployer, Registry, World } from '../plan/world.ts'
import {
  readDraining,
  readInstances,
  readParity,
  readPositions,
  readReading,
  readReadParity,
  readReceipts,
  readSwitch,
  readSwitched,
  readSeries,
  readTelling,
  readTopic,
  readVersions,
} from '../services/answers.ts'
import { copyBooksOf } from '../services/books.ts'
import { verifyCopy } from '../verify/copies.ts'
import type { DeployerClient } from '../services/deployer.ts'
import type { Directory } from '../services/directory.ts'

const readMs = 5_000
/** A service tries for up to some ten seconds to get the switch's lock between its transactions. */
const turnMs = 15_000

export interface WorldPorts {
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly directory: Directory
  readonly registry: Registry
  readonly deployer: DeployerClient | null
}

/** The running system as verbs see it, under the term of the engine that acts; without one, to look only. */
export function openWorld({ links, events, directory, registry, deployer }: WorldPorts, run: string | null, term: number | null): World {
  const fence = term === null ? {} : { term }
  const get = (service: string, path: string): Promise<unknown> =>
    directory.ask(service, { method: 'GET', path, deadlineMs: readMs, ...fence })
  const linkOf = (id: string): LinkContract =>
    known(
      links.find(link => link.id === id),
      id,
    )
  const eventOf = (name: string): EventContract =>
    known(
      events.find(event => event.name === name),
      name,
    )
  const post = (service: string, path: string, body: object): Promise<unknown> =>
    directory.ask(service, { method: 'POST', path, body: { ...body, term: required(term) }, deadlineMs: turnMs, ...fence })
  const reading = async (id: string) => readReading(await get(linkOf(id).to, `/operator/readings/${id}`))
  const switchOf = async (id: string) => readSwitch(await get(linkOf(id).from, `/operator/switches/${id}`))
  return {
    run,
    link: linkOf,
    event: eventOf,
    instances: async service => readInstances(await get(service, '/operator/instances')),
    positions: async id => readPositions(await get(linkOf(id).to, `/operator/positions/${id}`)),
    knownVersions: async service => readVersions(await get(service, '/operator/versions')),
    switchOf,
    async routeOf(id) {
      if (linkOf(id).kind === 'business') return (await switchOf(id)).route
      return (await reading(id)).answers === 'http' ? 'http' : 'event'
    },
    async turn({ link, route, shadow }, dryRun = false) {
      const body = { link, route, shadow, ...(dryRun ? { dry_run: true } : {}) }
      readSwitched(await post(linkOf(link).from, '/operator/switch', body))
    },
    reading,
    async read({ link, answers, compares }, dryRun = false) {
      await post(linkOf(link).to, '/operator/readings', { link, answers, compares, ...(dryRun ? { dry_run: true } : {}) })
    },
    readParity: async id => readReadParity(await get(linkOf(id).to, `/operator/readings/${id}/parity`)),
    async compareCopy(id) {
      const { facts, open, missing, different, extra } = await verifyCopy(id, copyBooksOf(linkOf(id), directory))
      return { rows: facts, open, missing, different, extra }
    },
    links: () => links,
    topic: async name => readTopic(await get(eventOf(name).service, `/operator/topics/${name}`)),
    async topicTo(name, change) {
      await post(eventOf(name).service, '/operator/topics', { event: name, do: change })
    },
    async series(id, route) {
      const { from, to } = linkOf(id)
      const call = { method: 'GET', path: `/operator/series/${id}?route=${route}`, deadlineMs: readMs } as const
      const each = await Promise.all([...new Set([from, to])].map(service => directory.askEach(service, call)))
      // An instance that is away has no series now; one that comes back begins without.
      return each.flat().flatMap(one => ('away' in one ? [] : readSeries(one.answer).map(series => `${series} at ${one.url}`)))
    },
    async copy(link, change) {
      await post(linkOf(link).to, '/operator/copies', { link, do: change })
    },
    telling: async id => readTelling(await get(linkOf(id).from, `/operator/snapshots/${id}`)),
    async tell(link, change, askedBy) {
      await post(linkOf(link).from, '/operator/snapshots', { link, run: askedBy, do: change })
    },
    async parity(id) {
      const { shadow, epoch } = await switchOf(id)
      const since = shadow ? epoch : null
      if (since === null) return { link: id, since_epoch: null, ...nothing }
      return { link: id, since_epoch: since, ...readParity(await get(linkOf(id).to, `/operator/parity/${id}?since=${since}`)) }
    },
    async draining(id, route: Route) {
      const { from, to } = linkOf(id)
      // The sender first, then the receiver: what becomes terminal in between is then seen as terminal.
      const sent = readDraining(await get(from, `/operator/draining/${id}?route=${route}`))
      const facts = [...sent.candidates]
      const { receipts, parked, dead } = readReceipts(
        await directory.ask(to, { method: 'POST', path: '/operator/receipts', body: { link: id, facts }, deadlineMs: readMs, ...fence }),
      )
      const rest = facts.filter(fact => receipts[fact] === undefined)
      const count = (all: ReadonlySet<string>): number => rest.filter(fact => all.has(fact)).length
      // Those beyond the list are not asked after: they count as outstanding.
      const outstanding = sent.open - (facts.length - rest.length)
      const [aside, buried, retrying] = [count(parked), count(new Set([...dead, ...sent.dead])), count(sent.retrying)]
      return {
        route: sent.route,
        issued: sent.issued,
        outstanding,
        onTheirWay: Math.max(0, outstanding - aside - buried - retrying),
        retrying,
        parked: aside,
        dead: buried,
      }
    },
    registry,
    deployer: deployer === null ? null : deployerUnder(deployer, term),
  }
}

const nothing = { facts: 0, equal: 0, different: 0, missing: 0, extra: 0, late: 0, undecided: 0, rate: 0 }

const deployerUnder = (client: DeployerClient, term: number | null): Deployer => ({
  deploy: (service, { add, remove, dryRun = false }) => client.order({ service, add, remove, term: required(term), dryRun }),
})

function required(term: number | null): number {
  if (term === null) throw new Error('only the engine that acts may change anything')
  return term
}

function known<Thing>(thing: Thing | undefined, name: string): Thing {
  if (thing === undefined) throw new Error(`${name} is not in this system`)
  return thing
}
