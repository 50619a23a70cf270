// What tests of the doctor share: looking until something is seen, and worlds that are broken on paper, from one that was found.
import assert from 'node:assert/strict'
import type { Diagnosis } from '../cutover/contract/diagnosis.ts'
import { systemClock } from '../cutover/process/clock.ts'
import { startingCapabilities } from '../cutover/contract/capability.ts'
import { documentDigest } from '../cutover/registry/registry.ts'
import type { RunView } from '../engine/api/plan.ts'
import { type DoctorReport, type Finding, findingWords, foundSaid, wantedSaid } from '../engine/api/doctor.ts'
import type { Found, OwnBooks, Told } from '../engine/doctor/found.ts'
import { programOf } from '../cli/program.ts'
import type { Terminal } from '../cli/command.ts'
import { events, links, type SmallSystem } from './small-system.ts'

export const doctor = async (system: SmallSystem): Promise<DoctorReport> => (await system.call<DoctorReport>('GET', '/api/doctor')).body

const looksMax = 150

/** Looks again and again until it sees what is expected: what it is about takes its time. Gives up with what it saw last. */
export async function until(system: SmallSystem, expected: (report: DoctorReport) => boolean): Promise<DoctorReport> {
  let report = await doctor(system)
  for (let look = 1; !expected(report); look++) {
    assert.ok(
      look < looksMax,
      `after ${look} looks: ${JSON.stringify(report.findings.map(one => [one.code, one.where, one.commands, one.params]))}`,
    )
    await systemClock.sleep(100)
    report = await doctor(system)
  }
  return report
}

/** The same world, but for what one service reports. */
export function reporting(found: Found, service: string, change: (told: Diagnosis) => Partial<Diagnosis>): Found {
  const all = (found.services.get(service) ?? []).map((one): Told =>
    one.is === 'told' ? { ...one, told: { ...one.told, ...change(one.told) } } : one,
  )
  return answering(found, service, all)
}

/** The same world, but for what is at the addresses of one service. */
export const answering = (found: Found, service: string, all: readonly Told[]): Found => ({
  ...found,
  services: new Map([...found.services, [service, all]]),
})

export const owning = (found: Found, own: Partial<OwnBooks>): Found => ({ ...found, own: { ...found.own, ...own } })

/** What is wrong with how a finding is said: a parameter that is missing, a code without words. */
export const unsaid = (one: Finding): string[] =>
  one.code in findingWords ? [foundSaid(one), wantedSaid(one)].filter(text => text === '' || /\{\w+\}/.test(text)) : [one.code]

const nobody = { environment: {}, out: () => undefined, error: () => undefined, screen: null, onInterrupt: () => () => undefined }

/** What is wrong with a command that a finding names: the command line has no such verb, or the verb no such option. */
export function unknownIn(command: string): string[] {
  const [npx, program, name = '', ...words] = command.split(' ')
  if (npx !== 'npx' || program !== 'cutover') return /^(npm start|psql |timedatectl )/.test(command) ? [] : [command]
  const root = programOf({ ...nobody, clock: { now: () => 0, sleep: async () => undefined } } satisfies Terminal)
  const verb = root.commands.find(one => one.name() === name)
  if (verb === undefined) return [command]
  const own = verb.commands.find(one => one.name() === words[0]) ?? verb
  const options = new Set(own.options.map(one => one.long))
  return words.filter(word => word.startsWith('--') && !options.has(word)).map(word => `${command}: ${word}`)
}

const capable = (service: 'counting' | 'adding'): Diagnosis['instances'] => [
  {
    id: '1',
    silent_ms: 0,
    build: 'b1',
    capabilities: startingCapabilities(links, service),
    versions: service === 'adding' ? { 'L-1': [0] } : {},
  },
]
const lanes = ['event', 'sweep:L-1', 'sweep:L-2', 'http:L-1']
const nowMs = Date.parse('2026-01-31T09:30:00Z')
const settings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }
const released = new Map(events.map(event => [`${event.name} v0`, documentDigest(event.versions[0] as object)]))

function aDiagnosis(service: 'counting' | 'adding'): Diagnosis {
  const sends = service === 'counting'
  return {
    service,
    instance: '1',
    build: 'b1',
    node: 'v26.1.0',
    database: service,
    epoch: 3,
    epoch_seen: 0,
    term: 5,
    clock: { process_ms: nowMs, database_ms: nowMs },
    settings,
    instances: capable(service),
    switches: sends ? links.map(({ id }) => ({ link: id, route: 'http', share: 100, shadow: false, epoch: 1, changed_ms: 3_600_000 })) : [],
    readings: sends ? [] : [{ link: 'L-2', answers: 'http', compares: false, copy: 'absent', touches: 0 }],
    lanes: (sends ? lanes : ['event']).map(lane => ({ lane, holder: '1', free_ms: 0, position: '9' })),
    partitions: [],
    troubles: [],
    topics: sends ? events.map(({ name: event }) => ({ event, state: 'absent', partitions: null, touches: 0 })) : [],
    unowned: [],
    log_away: null,
    versions: [...released].map(([name, digest]) => ({ event: name.slice(0, -3), version: 0, digest })),
    produced: [],
    waiting: [],
    seen: sends ? [] : [{ link: 'L-1', epoch: 3 }],
    late: [],
  }
}

/** The system of `small-system.ts` as the doctor sees it when nothing is wrong. */
export function aFound(): Found {
  const told = (service: 'counting' | 'adding'): readonly [string, readonly Told[]] => [
    service,
    [{ url: `http://${service}`, is: 'told', told: aDiagnosis(service), askedMs: nowMs - 5, answeredMs: nowMs + 5 }],
  ]
  return {
    links,
    events,
    released,
    services: new Map([told('counting'), told('adding')]),
    own: {
      databaseMs: nowMs,
      settings,
      lease: { term: 5, freeMs: 0 },
      epochs: { counting: 3, adding: 3 },
      explained: new Map(),
      databases: { counting: { database: 'counting', since: new Date(0) } },
      registry: [],
      historyIntact: true,
    },
    nowMs,
    runs: [],
    certificates: [],
    ledger: { service: 'adding', balanced: true, sum: 0 },
    disk: { path: '/data', usedPercent: 12.5 },
    node: 'v26.1.0',
  }
}

/** A run of L-1 to the event, which stands at its second step; since then, if a time is given. */
export const aRun = (more: Partial<RunView>, appliedAt: string | null = null): RunView => ({
  run: 'R-7',
  plan: 'L-1',
  link: 'L-1',
  from: 'http',
  to: 'event',
  title: { en: '', ru: '' },
  hash: 'x',
  heading: 'forward',
  state: 'running',
  who: 'operator',
  started_at: new Date(nowMs).toISOString(),
  ended_at: null,
  waits_for: { code: 'deploy_waits_none', params: { service: 'adding' } },
  eta_ms: null,
  until: null,
  steps: [
    {
      step: '2',
      added: false,
      title: { en: '', ru: '' },
      why: null,
      verb: 'consume',
      does: { code: 'deploy_record', params: {} },
      gate_asks: { code: 'deploy_gate', params: {} },
      inverse: null,
      no_return: null,
      state: 'settling',
      gate: null,
      attempts: 0,
      started_at: appliedAt,
      applied_at: appliedAt,
      ended_at: null,
    },
  ],
  can: [],
  approval: { wanted: false, by: null, at: null, expires_at: null },
  ...more,
})
