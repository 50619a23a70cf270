import type { EventContract, LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import { type Certifier, openCertifier } from '../certificate/certificate.ts'
import type { Certificates } from '../certificate/store.ts'
import type { Deployer, Draining, Registry, World } from '../plan/world.ts'
import { readInstances, readParity, readPositions, readSwitch, readSwitched, readVersions } from '../services/answers.ts'
import { readReading, readReadParity, readSeries, readTelling, readTopic } from '../services/data-answers.ts'
import { copyBooksOf } from '../services/books.ts'
import { verifyCopy } from '../verify/copies.ts'
import type { DeployerClient } from '../services/deployer.ts'
import type { Directory } from '../services/directory.ts'
import { readColumns, readCompared, readVersionOf } from '../services/change-answers.ts'
import { countDraining, countVersion } from './draining.ts'

const readMs = 5_000
/** A service tries for up to some ten seconds to get the switch's lock between its transactions. */
const turnMs = 15_000
/** Reads every row of a service's tables. */
const compareMs = 60_000

export interface WorldPorts {
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly directory: Directory
  readonly registry: Registry
  readonly deployer: DeployerClient | null
  readonly certificates: Certificates
  readonly now: () => number
}

/** The running system as verbs see it, under the term of the engine that acts; without one, to look only. */
export function openWorld(
  { links, events, directory, registry, deployer, certificates, now }: WorldPorts,
  run: string | null,
  term: number | null,
): World {
  const fence = term === null ? {} : { term }
  const ask = (service: string, path: string, body?: object): Promise<unknown> =>
    directory.ask(service, {
      method: body === undefined ? 'GET' : 'POST',
      path,
      deadlineMs: readMs,
      ...(body === undefined ? {} : { body }),
      ...fence,
    })
  const get = (service: string, path: string): Promise<unknown> => ask(service, path)
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
    directory.ask(service, { method: 'POST', path, body: { ...body, term: ofActing(term) }, deadlineMs: turnMs, ...fence })
  const reading = async (id: string) => readReading(await get(linkOf(id).to, `/operator/readings/${id}`))
  const switchOf = async (id: string) => readSwitch(await get(linkOf(id).from, `/operator/switches/${id}`))
  const draining = (id: string, route: Route, since?: number): Promise<Draining> => countDraining(ask, linkOf(id), route, since)
  // To look only, nothing is certified.
  const certifier = (): Certifier =>
    openCertifier({ certificates, linkOf, draining, now, run: required(run, 'only a run has certificates'), term: ofActing(term) })
  return {
    run,
    now,
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
    async turn({ link, route, share = 100, shadow }, dryRun = false) {
      // Said only where it says something, so that a service of an older build takes the order.
      const part = share === 100 ? {} : { share }
      const body = { link, route, ...part, shadow, ...(dryRun ? { dry_run: true } : {}) }
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
    draining,
    async ignorantOf(service, change) {
      const call = { method: 'GET', path: `/operator/columns/${change}`, deadlineMs: readMs } as const
      const each = await directory.askEach(service, call)
      return each.flatMap(one => ('away' in one ? [one.url] : []))
    },
    columns: async (service, change) => readColumns(await get(service, `/operator/columns/${change}`)),
    async columnsTo(service, change, step) {
      await post(service, '/operator/columns', { change, do: step })
    },
    async fill(service, change, order, askedBy) {
      await post(service, '/operator/columns/filling', { change, do: order, asked_by: askedBy })
    },
    compareColumns: async (service, change) =>
      readCompared(
        await directory.ask(service, { method: 'GET', path: `/operator/columns/${change}/comparison`, deadlineMs: compareMs, ...fence }),
      ),
    versionOf: async name => readVersionOf(await get(eventOf(name).service, `/operator/versions/${name}`)),
    async turnVersion(name, version, dryRun = false) {
      await post(eventOf(name).service, '/operator/versions', { event: name, version, ...(dryRun ? { dry_run: true } : {}) })
    },
    drainingVersion: (name, version) =>
      countVersion(
        ask,
        links.filter(link => link.event === name),
        eventOf(name),
        version,
      ),
    certify: (id, route, count) => certifier().certify(id, route, count),
    certificate: (id, route) => certifier().certificate(id, route),
    refuse: (id, route) => certifier().refuse(id, route),
    registry,
    deployer: deployer === null ? null : deployerUnder(deployer, term),
  }
}

const nothing = { facts: 0, equal: 0, different: 0, missing: 0, extra: 0, late: 0, undecided: 0, rate: 0 }

const deployerUnder = (client: DeployerClient, term: number | null): Deployer => ({
  deploy: (service, { add, remove, dryRun = false }) => client.order({ service, add, remove, term: ofActing(term), dryRun }),
})

const ofActing = (term: number | null): number => required(term, 'only the engine that acts may change anything')

function required<Value>(value: Value | null, why: string): Value {
  if (value === null) throw new Error(why)
  return value
}

function known<Thing>(thing: Thing | undefined, name: string): Thing {
  if (thing === undefined) throw new Error(`${name} is not in this system`)
  return thing
}
