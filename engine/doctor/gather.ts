import { statfs } from 'node:fs/promises'
import type { EventContract, LinkContract } from 'cutover/contract'
import type { Database } from 'cutover/database'
import { documentDigest } from 'cutover/registry'
import type { RunView } from '../api/plan.ts'
import type { Certificates } from '../certificate/store.ts'
import { readLedger } from '../services/answers.ts'
import { readDiagnosis } from '../services/diagnosis.ts'
import type { Directory } from '../services/directory.ts'
import type { Disk, Found, Ledger, Told } from './found.ts'
import { noteDatabase, readOwnBooks } from './postgres.ts'

const deadlineMs = 5_000
/** The books of a ledger are added up whole. */
const ledgerMs = 20_000

export interface DoctorPorts {
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly directory: Directory
  readonly database: Database
  readonly certificates: Certificates
  /** Those that have not ended. */
  readonly runs: () => Promise<readonly RunView[]>
  /** The service that keeps the money; null for a system without. */
  readonly ledger: string | null
  /** The folder whose disk is looked at; null for none. */
  readonly folder: string | null
  readonly now: () => number
}

/**
 * Looks everywhere at once. Who does not answer is told as that; nothing is left out. It changes nothing, but for which
 * database a service uses, which is remembered when it is told first.
 */
export async function gather(ports: DoctorPorts): Promise<Found> {
  const { links, events, directory, database, certificates, now } = ports
  // Those that links name and the engine has no address of are asked as well: that is why they do not answer.
  const services = [...new Set([...directory.services, ...links.flatMap(({ from, to }) => [from, to])])]
  const [told, { own, nowMs }, runs, standing, ledger, disk] = await Promise.all([
    Promise.all(services.map(async service => [service, await ask(directory, service, now)] as const)),
    readOwnBooks(database, now),
    ports.runs(),
    certificates.list(null),
    ledgerOf(ports),
    diskOf(ports.folder),
  ])
  for (const [service, [first]] of told) {
    if (first?.is === 'told' && first.told.service === service) await noteDatabase(database, service, first.told.database, false)
  }
  const unfinished = new Set(runs.map(run => run.run))
  return {
    links,
    events,
    released: new Map(
      events.flatMap(event => event.versions.map((document, version) => [`${event.name} v${version}`, documentDigest(document)] as const)),
    ),
    services: new Map(told),
    own,
    nowMs,
    runs,
    certificates: standing.filter(one => unfinished.has(one.run)),
    ledger,
    disk,
    node: process.version,
  }
}

async function ask(directory: Directory, service: string, now: () => number): Promise<readonly Told[]> {
  const askedMs = now()
  const answers = await directory.askEach(service, { method: 'GET', path: '/operator/diagnosis', deadlineMs })
  const answeredMs = now()
  return answers.map((one): Told => {
    const { url } = one
    // Who answers at all is not away: it is of another build, or somebody else.
    if ('away' in one) return { url, is: one.answered === true ? 'old' : 'away', reason: one.away }
    try {
      return { url, is: 'told', told: readDiagnosis(one.answer), askedMs, answeredMs }
    } catch (error) {
      return { url, is: 'old', reason: reasonOf(error) }
    }
  })
}

async function ledgerOf({ directory, ledger }: DoctorPorts): Promise<Ledger | null> {
  if (ledger === null) return null
  try {
    return {
      service: ledger,
      ...readLedger(await directory.ask(ledger, { method: 'GET', path: '/operator/ledger', deadlineMs: ledgerMs })),
    }
  } catch (error) {
    return { service: ledger, away: reasonOf(error) }
  }
}

async function diskOf(path: string | null): Promise<Disk | null> {
  if (path === null) return null
  try {
    const { blocks, bavail, bfree } = await statfs(path)
    // As df counts: of what is there for us, how much is taken.
    const used = blocks - bfree
    return { path, usedPercent: used + bavail === 0 ? 0 : (100 * used) / (used + bavail) }
  } catch (error) {
    return { path, reason: reasonOf(error) }
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
