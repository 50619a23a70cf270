import type { EventContract, LinkContract } from 'cutover/contract'
import type { Diagnosis } from 'cutover/contract/diagnosis'
import type { Route } from '../api/contract.ts'
import type { Finding, FindingCode, Severity } from '../api/doctor.ts'
import type { RunView } from '../api/plan.ts'
import type { Certificate } from '../certificate/store.ts'

/** What one address of a service answered, or why it did not. */
export type Told =
  | {
      readonly url: string
      readonly is: 'told'
      readonly told: Diagnosis
      /** Engine's clock, before and after. */ readonly askedMs: number
      readonly answeredMs: number
    }
  | { readonly url: string; readonly is: 'away' | 'old'; readonly reason: string }

/** What the last run that ended, or the last switch by hand, has left a link on. */
export interface Explained {
  readonly route: Route
  /** `R-7`, or a switch with its time. */
  readonly by: string
}

/** What the engine's own database says. */
export interface OwnBooks {
  readonly databaseMs: number
  readonly settings: Readonly<Record<string, string>>
  readonly lease: { readonly term: number; readonly freeMs: number }
  /** The highest epoch that each service has ever told. */
  readonly epochs: Readonly<Record<string, number>>
  /** By link. */
  readonly explained: ReadonlyMap<string, Explained>
  /** The database of each service as it was known first. */
  readonly databases: Readonly<Record<string, { readonly database: string; readonly since: Date }>>
  readonly registry: readonly { readonly event: string; readonly version: number; readonly digest: string }[]
  readonly historyIntact: boolean
}

export type Disk = { readonly path: string; readonly usedPercent: number } | { readonly path: string; readonly reason: string }
export type Ledger = { readonly service: string } & ({ readonly balanced: boolean; readonly sum: number } | { readonly away: string })

/** Everything that was found, beside what contracts want. Checks see this and nothing else. */
export interface Found {
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  /** By event and version, as `TaskCompleted v0`: the digest of the released document. */
  readonly released: ReadonlyMap<string, string>
  /** By service. */
  readonly services: ReadonlyMap<string, readonly Told[]>
  readonly own: OwnBooks
  /** The engine's clock when its database told its own. */
  readonly nowMs: number
  /** Those that have not ended. */
  readonly runs: readonly RunView[]
  /** Of runs that have not ended. */
  readonly certificates: readonly Certificate[]
  readonly ledger: Ledger | null
  readonly disk: Disk | null
  readonly node: string
}

/** One thing that is looked at. Pure: what was found against what is wanted. */
export interface Check {
  readonly name: string
  look(found: Found): readonly Finding[]
}

export function finding(
  severity: Severity,
  code: FindingCode,
  where: string,
  params: Finding['params'],
  ...commands: readonly string[]
): Finding {
  return { code, severity, where, params, commands }
}

/** The reports of a service, one per instance that answered. */
export const reportsOf = ({ services }: Found, service: string): readonly Diagnosis[] =>
  (services.get(service) ?? []).flatMap(one => (one.is === 'told' && one.told.service === service ? [one.told] : []))

/** What a service's database says: any of its instances tells it. Undefined while none does, which is a finding of its own. */
export const bookOf = (found: Found, service: string): Diagnosis | undefined => reportsOf(found, service)[0]

/** The books of all services that could be asked. */
export const booksOf = (found: Found): readonly Diagnosis[] => [...found.services.keys()].flatMap(service => bookOf(found, service) ?? [])

/** The run that has not ended and holds the link. */
export const runOf = ({ runs }: Found, link: string): RunView | undefined => runs.find(run => run.link === link)

/** Whether a run that has not ended touches the event, by whichever link. */
export const isTouched = (found: Found, event: string): boolean =>
  found.links.some(link => link.event === event && runOf(found, link.id) !== undefined)

export const instanceNumber = (instance: string): number | null => (/^\d{1,3}$/.test(instance) ? Number(instance) : null)

export const seconds = (ms: number): number => Math.round(ms / 1_000)
/** How long nobody has held something, in words: what never was held has no time. */
export const sinceWords = (ms: number): string => (ms >= 1e12 ? 'given up, or never taken' : `since ${seconds(ms)} s`)
