import type { EventContract, LinkContract } from 'cutover/contract'
import type { Route } from '../api/contract.ts'
import { type Certifier, openCertifier } from '../certificate/certificate.ts'
import type { Certificates } from '../certificate/store.ts'
import type { Deployer, Draining, Registry, World } from '../plan/world.ts'
import { readInstances, readParity, readPositions, readSwitch, readSwitched, readVersions } from '../services/answers.ts'
import type { DeployerClient } from '../services/deployer.ts'
import type { Directory } from '../services/directory.ts'
import { countDraining } from './draining.ts'

const readMs = 5_000
/** A service tries for up to some ten seconds to get the switch's lock between its transactions. */
const turnMs = 15_000

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
  const switchOf = async (id: string) => readSwitch(await get(linkOf(id).from, `/operator/switches/${id}`))
  const draining = (id: string, route: Route): Promise<Draining> => countDraining(ask, linkOf(id), route)
  // To look only, nothing is certified.
  const certifier = (): Certifier =>
    openCertifier({ certificates, linkOf, draining, now, run: required(run, 'only a run has certificates'), term: ofActing(term) })
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
    async turn({ link, route, shadow }, dryRun = false) {
      const body = { link, route, shadow, term: ofActing(term), ...(dryRun ? { dry_run: true } : {}) }
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
    draining,
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
