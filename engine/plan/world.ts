import type { EventContract, LinkContract } from 'cutover/contract'
import type { ParityView } from '../api/plan.ts'
import type { Route } from '../api/contract.ts'

/** An instance that lives, as its service knows it. One of an older build may declare nothing. */
export interface Instance {
  readonly id: string
  readonly capabilities: readonly string[]
  readonly build: string | null
}

export interface SwitchOrder {
  readonly link: string
  readonly route: Route
  /** Per cent of the business keys that the route carries; all of them, unless said otherwise. */
  readonly share?: number
  readonly shadow: boolean
}

/** How a link's switch stands in the sender's database. */
export interface SwitchStand {
  readonly route: Route
  /** Per cent of the business keys that the route carries; the other route carries the rest. */
  readonly share: number
  readonly shadow: boolean
  /** The epoch at which it came to stand like this. */
  readonly epoch: number
}

/** Facts that were stated for a route, against what has become of them. */
export interface Draining {
  /** What new facts are stated for. */
  readonly route: Route
  /** … for this per cent of the keys; the rest is stated for the other route. */
  readonly share: number
  readonly issued: number
  readonly outstanding: number
  readonly onTheirWay: number
  readonly retrying: number
  readonly parked: number
  readonly dead: number
}

/**
 * All that verbs can see and do, under the term of the engine that acts: the operator interfaces of the services, the
 * deployer, the registry. Every call that changes something may be repeated.
 */
export interface World {
  readonly run: string | null
  link(id: string): LinkContract
  event(name: string): EventContract
  /** The live instances of a service. Throws `service_away` when none answers. */
  instances(service: string): Promise<readonly Instance[]>
  /** Stored positions of the link's consumer, and how many partitions there are. */
  positions(link: string): Promise<{ readonly stored: number; readonly partitions: number }>
  /** Which of the services' registered versions have this digest. */
  knownVersions(service: string): Promise<readonly { readonly event: string; readonly version: number; readonly digest: string }[]>
  switchOf(link: string): Promise<SwitchStand>
  /** Moves the switch; with `dryRun` does everything but the commit. */
  turn(order: SwitchOrder, dryRun?: boolean): Promise<void>
  parity(link: string): Promise<ParityView>
  /** With `since`, only the facts that were stated at this epoch or after it. */
  draining(link: string, route: Route, since?: number): Promise<Draining>
  readonly registry: Registry
  /** Null where nothing deploys by itself: a person does, and the gate waits for it. */
  readonly deployer: Deployer | null
}

/** Which event versions are registered, with the run that entered them. */
export interface Registry {
  has(event: string, version: number): Promise<{ readonly run: string | null } | null>
  add(event: string, version: number, run: string | null): Promise<void>
  remove(event: string, version: number): Promise<void>
}

/** Brings builds with other capabilities to run, instance by instance. */
export interface Deployer {
  /** Answers at once; the instances tell when it is done. Throws when it would be refused. */
  deploy(
    service: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[]; readonly dryRun?: boolean },
  ): Promise<void>
}
