import type { EventContract, LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import type { Deployer, Registry, World } from '../plan/world.ts'
import {
  readDraining,
  readInstances,
  readParity,
  readPositions,
  readReceipts,
  readSwitch,
  readSwitched,
  readVersions,
} from '../services/answers.ts'
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
  const switchOf = async (id: string) => readSwitch(await get(linkOf(id).from, `/operator/switches/${id}`))
  return {
    run,
    link: linkOf,
    event: name =>
      known(
        events.find(event => event.name === name),
        name,
      ),
    instances: async service => readInstances(await get(service, '/operator/instances')),
    positions: async id => readPositions(await get(linkOf(id).to, `/operator/positions/${id}`)),
    knownVersions: async service => readVersions(await get(service, '/operator/versions')),
    switchOf,
    async turn({ link, route, share = 100, shadow }, dryRun = false) {
      // Said only where it says something, so that a service of an older build takes the order.
      const part = share === 100 ? {} : { share }
      const body = { link, route, ...part, shadow, term: required(term), ...(dryRun ? { dry_run: true } : {}) }
      const answer = await directory.ask(linkOf(link).from, {
        method: 'POST',
        path: '/operator/switch',
        body,
        deadlineMs: turnMs,
        ...fence,
      })
      readSwitched(answer)
    },
    async parity(id) {
      const { shadow, epoch } = await switchOf(id)
      const since = shadow ? epoch : null
      if (since === null) return { link: id, since_epoch: null, ...nothing }
      return { link: id, since_epoch: since, ...readParity(await get(linkOf(id).to, `/operator/parity/${id}?since=${since}`)) }
    },
    async draining(id, route: Route, since?: number) {
      const { from, to } = linkOf(id)
      // The sender first, then the receiver: what becomes terminal in between is then seen as terminal.
      const sent = readDraining(await get(from, `/operator/draining/${id}?route=${route}${since === undefined ? '' : `&since=${since}`}`))
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
        share: sent.share,
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
