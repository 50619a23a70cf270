/**
 * The operator's interface to the engine, for the command line and the console: paths, and the JSON that travels.
 * Wire names are snake_case. Nothing but types is imported, so that a browser can load it.
 */
import type { Delivery } from './refill.ts'
import type { Said, Title } from './plan.ts'

export type Route = 'http' | 'event'
/** Where a plan begins and ends: a link's route; for a change of what several services keep and tell, its old or its new form. */
export type End = Route | 'old' | 'new'

export const paths = {
  links: '/api/links',
  switch: '/api/links/{id}/switch',
  /** `POST` with a DeliveryRequest: DeliveryAnswer. */
  redelivery: '/api/links/{id}/delivery',
  /** `POST` with a RefillRequest begins a refill (RefillView) or counts what it would send (RefillCount); `GET`: RefillView of the last one. */
  refill: '/api/links/{id}/refill',
  /** `{id}` is a link, or a change of several services, which has no `?to=`. `?to=` names the route; without it, the one that the link is not on. `?portions=5,25` moves these per cents of the keys first. */
  plan: '/api/plans/{id}',
  apply: '/api/plans/{id}/apply',
  runs: '/api/runs',
  run: '/api/runs/{id}',
  pause: '/api/runs/{id}/pause',
  resume: '/api/runs/{id}/resume',
  revert: '/api/runs/{id}/revert',
  complete: '/api/runs/{id}/complete',
  /** `POST` with an ApproveRequest, by somebody else than who ordered the run. */
  approve: '/api/runs/{id}/approve',
  parity: '/api/parity/{id}',
  /** ParityPair[], the latest first, a page of them at most: by `?verdict=`, or the one of `?key=`. */
  pairs: '/api/parity/{id}/pairs',
  /** CertificateRow[], the latest first; `?link=` for those of one link. */
  certificates: '/api/certificates',
  /** ReadsView of a data link. */
  reads: '/api/reads/{id}',
  /** DeliveryView (`delivery.ts`): what waits to be delivered, why, and what happens next. */
  delivery: '/api/delivery',
  history: '/api/history',
  /** LensReport: how a change would come out, row by row of what is stored now. Values never travel. */
  lens: '/api/lenses/{id}/report',
  verify: '/api/verify',
  /** DoctorReport of `doctor.ts`: what is not as it should be, with what repairs it. */
  doctor: '/api/doctor',
  /** `POST` with a TraceRequest: TraceAnswer of `trace.ts`. */
  trace: '/api/trace',
  /** EpochView; `POST` with an EpochRequest raises the epoch of a service whose database was restored. */
  epoch: '/api/services/{id}/epoch',
  /** `POST` with a DeployRequest. */
  deploy: '/api/services/{id}/deploy',
  /** TopicsView of `topics.ts`; `POST` with a TopicsApplyRequest makes the topics that routes need (TopicsApplyAnswer). */
  topics: '/api/topics',
  /** `POST` opens the topic of an event, or takes it out of quarantine. */
  topic: '/api/events/{id}/topic',
  /** `POST` with a CopyRequest. */
  copy: '/api/links/{id}/copy',
  /**
   * Server-sent events: `links` (LinkRow[]) and `runs` (RunView[]), each the whole of it, at every change; and `beat`
   * ({"at": time}) every two seconds, by which a reader tells silence from a connection that is dead.
   */
  stream: '/api/stream',
  /** `POST` with a SessionRequest signs a browser in by cookie, `GET` tells who is (SessionAnswer), `DELETE` signs out. */
  session: '/api/session',
} as const

/** A path for one thing; the id is escaped. */
export const pathOf = (path: string, id: string): string => path.replace('{id}', encodeURIComponent(id))

/** The path for one link; the id is escaped. */
export const switchPath = (link: string): string => pathOf(paths.switch, link)

/** One link as it stands now. What a service that is away would have to say is null, never a guess. */
export interface LinkRow {
  readonly link: string
  readonly from: string
  readonly to: string
  readonly kind: 'business' | 'data'
  /** The route that new facts take, or null when the service that decides it does not answer. */
  readonly route: Route | null
  /** Per cent of the business keys that `route` carries; the other route carries the rest. Absent from an engine that knows no shares. */
  readonly share?: number
  /** How its facts leave for the log; only of a link that declares that it may lose them. */
  readonly delivery?: Delivery
  /** Facts (business links) or reads (data links by HTTP) per second over the last ten seconds, all instances together. */
  readonly rate: number | null
  readonly title: string
  /** The switch epoch of the deciding database. */
  readonly epoch: number | null
  /** Facts stated, or reads made, since the instances that answer started. */
  readonly facts: number | null
  /** Facts that are not known to be terminal yet: on their way, parked, or a dead letter. Null for reads, and where it is unknown. */
  readonly open: number | null
  /** Whether the event is produced for comparison while HTTP has the authority. */
  readonly shadow: boolean
  /** The run that holds this link, until it is completed or reverted. */
  readonly run: string | null
  /** What an operator has to know about this row: a service that is away, an epoch that went back. */
  readonly note: string | null
  /** The same as `note`, as codes of `words.ts`, one for each trouble; absent from an engine that gives the note only. */
  readonly troubles?: readonly Said[]
  /** `title` in every language that the link's contract gives it in. */
  readonly titles?: Title
  /** What carries it on each route: `TaskCompleted`, `POST /credits`. */
  readonly event?: string
  readonly http?: string
}

export interface SessionRequest {
  /** The operator's token or the approver's, as `npm start` prints them. */
  readonly token: string
}

export interface SessionAnswer {
  /** `operator` or `approver`. */
  readonly who: string
}

export interface SwitchRequest {
  readonly to: Route
}

export interface SwitchAnswer {
  readonly link: string
  readonly from: Route | null
  readonly to: Route
  /** The epoch of the sender's database after the call: no fact of an older one can appear any more. */
  readonly epoch: number
  /** False when the link was on this route already. */
  readonly changed: boolean
  readonly term: number
}

/**
 * That a run has found a link drained of a route. `revoked`: something has spoken against it since; whatever relies on it
 * is refused until a person has looked. `expired`: it is counted anew by whatever relies on it.
 */
export interface CertificateRow {
  readonly link: string
  readonly route: Route
  readonly run: string
  readonly state: 'valid' | 'expired' | 'revoked'
  /** The epoch of the link's switch when it was counted. */
  readonly epoch: number
  readonly issued: number
  readonly terminal: number
  /** The messages of the route that had come late by then. */
  readonly late: number
  readonly issued_at: string
  readonly expires_at: string
  readonly revoked_at: string | null
  readonly revoked_by: Said | null
}

/** One line of the history: ids and numbers, never payloads. `hash` covers the line and the hash before it. */
export interface HistoryRow {
  readonly number: number
  readonly at: string
  /** `operator` or `approver`, or `engine` for what follows from an order that was given before. */
  readonly who: string
  /** What happened: `switch asked`, `run started`, `step applied`, `gate passed`, … */
  readonly action: string
  /** The link that it is about; empty where it is about a service or an event. */
  readonly link: string
  readonly run: string | null
  /** The step's id in its plan, with its verb: `4 parity`. */
  readonly step: string | null
  /** The engine's fencing number under which it was done. */
  readonly term: number
  /** The numbers that were seen or set. */
  readonly numbers: Readonly<Record<string, string | number | boolean | null>>
  readonly hash: string
}

export interface HistoryAnswer {
  /** Whether every hash of the whole history fits its line and its predecessor. */
  readonly intact: boolean
  /** The latest, newest first. */
  readonly rows: readonly HistoryRow[]
}

export type FindingKind = 'missing' | 'double' | 'different' | 'extra' | 'repeated'

/** One thing that is wrong, by the key of its business rows. */
export interface Finding {
  readonly kind: FindingKind
  readonly key: string
  readonly fact_id: string | null
  readonly detail: string
}

/**
 * What verify found on one link. As long as no row is deleted while it is read:
 * facts + double + extra = effects + open + missing + rejected + repeated.
 */
export interface LinkVerdict {
  readonly link: string
  /** Business rows of the sender that must have an effect. */
  readonly facts: number
  /** Business rows of the receiver. */
  readonly effects: number
  /** Facts without an effect that a durable row will still bring about: on their way, parked, or a dead letter. */
  readonly open: number
  /** Those of `open` that wait in the receiver for something known. */
  readonly parked: number
  /** Those of `open` that lie in the dead letters and need a person. */
  readonly dead: number
  /** Facts that a rule of the business refused, for ever, or that people have written off: they have no effect, rightly. */
  readonly rejected: number
  /** Facts without an effect and without anything that will bring one. */
  readonly missing: number
  /** Effects too many for their fact. */
  readonly double: number
  /** Effects whose content is not what the fact demands, computed anew. */
  readonly different: number
  /** Effects without a fact. */
  readonly extra: number
  /** Facts too many for one business key. */
  readonly repeated: number
  /** The link is direct: a crash may have lost some of what is missing. */
  readonly may_lose?: true
  /** Up to ten of each kind. */
  readonly samples: readonly Finding[]
}

export interface LedgerVerdict {
  readonly balanced: boolean
  /** The sum of all balances in minor units; zero when money is conserved. */
  readonly sum: number
}

/** What a service has found out about its own books, beyond any link. */
export interface CheckVerdict {
  readonly service: string
  /** What was checked, in the service's words. */
  readonly check: string
  /** Things that were looked at. */
  readonly counted: number
  /** Those that are under way, rightly. */
  readonly open: number
  readonly wrong: number
  /** Up to ten of what is wrong. */
  readonly samples: readonly string[]
}

export interface VerifyReport {
  readonly ok: boolean
  readonly links: readonly LinkVerdict[]
  readonly ledger: LedgerVerdict | null
  readonly checks: readonly CheckVerdict[]
  readonly took_ms: number
}
