import type { EventContract, LinkContract } from 'cutover/contract'
import type { ParityView, Said } from '../api/plan.ts'
import type { Route } from '../api/contract.ts'

/** An instance that lives, as its service knows it. One of an older build may declare nothing. */
export interface Instance {
  readonly id: string
  readonly capabilities: readonly string[]
  readonly build: string | null
  /** By data link that it reads: no read under an epoch of the reading switch below this one is in flight in it. */
  readonly readings: Readonly<Record<string, number>>
}

/** How the reading of a data link stands in the reader's database. */
export interface Reading {
  readonly answers: 'http' | 'replica'
  /** Whether the side that does not answer is compared, beside the answers. */
  readonly compares: boolean
  /** The epoch at which it came to stand like this. */
  readonly epoch: number
  readonly copy: {
    readonly state: 'absent' | 'present' | 'quarantined'
    readonly rows: number
    /** Since somebody reached for it in quarantine, or since it was put there; null unless it is there. */
    readonly quietMs: number | null
    /** Who reached for it in quarantine. */
    readonly touches: readonly Touch[]
  }
}

/** Who reached for something in quarantine, how, and how often. */
export interface Touch {
  readonly who: string
  readonly what: string
  readonly count: number
}

/** How compared reads came out since the reading switch was turned. */
export interface ReadParity {
  readonly equal: number
  /** The copy was behind and caught up. */
  readonly stale: number
  readonly different: number
  readonly missing: number
  readonly extra: number
  /** One side gave no answer. */
  readonly failed: number
  readonly skipped: number
  /** Equal or stale since the last that was neither. */
  readonly inARow: number
  readonly lagP50Ms: number | null
  readonly lagP99Ms: number | null
  readonly rate: number
}

/** How far the telling of what was there before has come. */
export interface Telling {
  readonly state: 'none' | 'telling' | 'told' | 'done' | 'cancelled'
  readonly askedBy: string | null
  readonly total: number
  readonly copied: number
  readonly tookMs: number
  /** All of it is terminal at the reader, or waits there for a person. */
  readonly arrived: boolean
}

/** How the topic of an event stands. */
export interface TopicStand {
  readonly state: 'open' | 'quarantined' | 'absent'
  readonly quietMs: number | null
  readonly touches: readonly Touch[]
}

/** A copy against its original, row by row. */
export interface CopyStand {
  readonly rows: number
  readonly open: number
  readonly missing: number
  readonly different: number
  readonly extra: number
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
  /** Whether facts of the event route are in no outbox: what a crash loses of them is lost. Not, unless said. */
  readonly direct?: boolean
  /** The epoch at which it came to stand like this. */
  readonly epoch: number
}

/** Facts that were stated for a route, against what has become of them. */
export interface Draining {
  /** What new facts are stated for. */
  readonly route: Route
  /** … for this per cent of the keys; the rest is stated for the other route. */
  readonly share: number
  /** The epoch at which the switch came to stand like this. */
  readonly since: number
  readonly issued: number
  /** The epoch of the newest of them; 0 where there are none. */
  readonly newest: number
  readonly outstanding: number
  readonly onTheirWay: number
  readonly retrying: number
  readonly parked: number
  readonly dead: number
  /** Messages of the route that came to the receiver after the link had left it, unknown there; and the last of them. */
  readonly late: { readonly count: number; readonly fact: string | null; readonly epoch: number | null }
  /** Why the figures prove nothing now; null when they do. */
  readonly unsure: Said | null
}

/** What is certified about a link and a route, against a count of now. */
export type Standing =
  | { readonly is: 'valid' | 'expired' | 'never'; readonly count: Draining }
  /** It was drained, and is or was not so any more. `looked`: a person has seen why. */
  | { readonly is: 'revoked'; readonly by: Said; readonly looked: boolean; readonly count: Draining }
  /** It cannot be counted now. */
  | { readonly is: 'unsure'; readonly why: Said }

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
  /** The route that a link is on: of a business link the sender decides it, of a data link the reader. */
  routeOf(link: string): Promise<Route>
  switchOf(link: string): Promise<SwitchStand>
  /** Moves the switch; with `dryRun` does everything but the commit. */
  turn(order: SwitchOrder, dryRun?: boolean): Promise<void>
  parity(link: string): Promise<ParityView>
  /** With `since`, only the facts that were stated at this epoch or after it. */
  draining(link: string, route: Route, since?: number): Promise<Draining>
  reading(link: string): Promise<Reading>
  /** Turns the reading switch; with `dryRun` does everything but the commit. */
  read(order: { readonly link: string; readonly answers: Reading['answers']; readonly compares: boolean }, dryRun?: boolean): Promise<void>
  readParity(link: string): Promise<ReadParity>
  /** Compares each row of the copy with its original. */
  compareCopy(link: string): Promise<CopyStand>
  /** All links of the system. */
  links(): readonly LinkContract[]
  topic(event: string): Promise<TopicStand>
  topicTo(event: string, change: 'open' | 'quarantine' | 'restore' | 'drop'): Promise<void>
  /** Series of metrics that instances still have of a link's route. */
  series(link: string, route: Route): Promise<readonly string[]>
  copy(link: string, change: 'create' | 'quarantine' | 'restore' | 'drop'): Promise<void>
  telling(link: string): Promise<Telling>
  /** Begins to tell what was there before, for whoever asks, or gives it up. */
  tell(link: string, change: 'tell' | 'cancel', askedBy: string): Promise<void>
  /** Certifies that a count has found the link drained of the route, for this run. A certificate that stands is kept. */
  certify(link: string, route: Route, count: Draining): Promise<void>
  /** Counts again and says what this run's certificate is worth; one that the count speaks against is revoked. */
  certificate(link: string, route: Route): Promise<Standing>
  /** Notes that a step was refused because of the certificate. */
  refuse(link: string, route: Route): Promise<void>
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
