import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { formatCapabilities, possibleCapabilities, startingCapabilities } from 'cutover/contract/capability'
import { exitCodes, StartRefused, type Home } from '@cutover/sandbox/home'
import { brokersCount } from '@cutover/sandbox/kafka'
import { kafkaPorts } from '@cutover/sandbox/kafka/ports'
import { supervisorPort, type InstanceContext, type ProcessDefinition, type SystemDefinition } from '@cutover/sandbox/definition'
import { events } from './contracts/events.ts'
import { links } from './contracts/links.ts'
import { splitTitle } from './contracts/title-columns.ts'

const services = ['management', 'hiring', 'bonuses'] as const
type Service = (typeof services)[number]

/** All that sign tokens; the people sign for themselves. */
export const issuers: readonly string[] = [...services, 'finance', 'engine', 'people']

const firstPorts: Readonly<Record<Service, number>> = { management: 10, hiring: 20, bonuses: 30 }
const financePort = 40
const instancesMax = 10
const outcomesPerSecond = 10
const outcomesPerSecondMax = 10_000

/** What of the school runs on one machine, from which environment. */
export function schoolSystem(home: Home, environment: NodeJS.ProcessEnv): SystemDefinition {
  const instances = instancesFrom(environment['CUTOVER_INSTANCES'])
  const rate = numberFrom(environment, 'CUTOVER_TRAFFIC', outcomesPerSecond, outcomesPerSecondMax, 'outcomes per second, 0 for none')
  const ports = (service: Service): number[] =>
    Array.from({ length: instances[service] }, (_, index) => home.firstPort + firstPorts[service] + index)
  const urls = Object.fromEntries(services.map(service => [service, ports(service).map(urlOf)]))
  const retentionHours = environment['LOG_RETENTION_HOURS'] || '48'
  if (!/^[1-9]\d{0,3}$/.test(retentionHours) || Number(retentionHours) > 8_760) {
    const told = retentionHours.slice(0, 40)
    throw new StartRefused(`LOG_RETENTION_HOURS is "${told}": it must be a whole number of hours from 1 to 8760.`, exitCodes.usage)
  }
  const broker = brokerFrom(environment, home)
  const shared: Shared = { serviceUrls: JSON.stringify(urls), logLevel: environment['LOG_LEVEL'] ?? 'info', rate, retentionHours, broker }
  const start = startFrom(environment['CUTOVER_CAPABILITIES'])
  const trafficUrl = urlOf(home.firstPort + 3)
  const financeUrl = urlOf(home.firstPort + financePort)
  // The engine asks services only; who pays is outside, and only bonuses calls it.
  const ofBonuses = { ...shared, serviceUrls: JSON.stringify({ ...urls, finance: [financeUrl] }) }
  return {
    name: 'Cutover',
    databases: [...services, 'finance', 'engine', 'log'],
    kafka: broker.kind === 'kafka' && broker.isOurs,
    issuers,
    stages: [
      [
        ...services.map(service => serviceProcess(service, ports(service), start, service === 'bonuses' ? ofBonuses : shared)),
        financeProcess(home, urls['bonuses']?.[0] ?? '', shared),
      ],
      [engineProcess(home, instances.engine, shared)],
      [trafficProcess(home, shared)],
    ],
    traffic: { url: trafficUrl },
    console: urlOf(home.firstPort),
    prepare: { name: 'console', work: buildConsole },
    addresses: {
      ...Object.fromEntries(services.map(service => [service, (urls[service] ?? []).map(url => `${url}/openapi.json`).join('  ')])),
      finance: `${financeUrl}/openapi.json   a stand-in for the service that pays; docs/month-end.md`,
      logs: home.logs,
    },
    next: [
      ['npx cutover links', 'the nine links, their routes and rates'],
      ['npx cutover apply COMM-040', 'moves the credit for a right answer from HTTP to events, step by step, under traffic'],
      ['npx cutover verify', 'proves that nothing was lost and nothing counted twice'],
      ['npx cutover revert COMM-040', 'and back, step by step'],
      ['npx cutover fault kill bonuses', 'kills a service; everything else goes on'],
    ],
  }
}

interface Shared {
  readonly serviceUrls: string
  readonly logLevel: string
  readonly rate: number
  readonly retentionHours: string
  readonly broker: LogBroker
}

/** The page is built when its sources have changed since it was built last. */
async function buildConsole(): Promise<string> {
  const file = program('../console/build.ts')
  await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', file])
  return ''
}

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const urlOf = (port: number): string => `http://127.0.0.1:${port}`

function serviceProcess(
  name: Service,
  ports: readonly number[],
  start: Start,
  { serviceUrls, logLevel, retentionHours, broker }: Shared,
): ProcessDefinition {
  const possible = possibleCapabilities(links, name, events, [splitTitle])
  return {
    name,
    file: program(`./${name}/main.ts`),
    ports,
    // What is about columns that change is deployed by the plan that adds them.
    capabilities: start === 'all' ? possibleCapabilities(links, name, events) : startingCapabilities(links, name),
    possible,
    environment: context => ({
      ...identity(context, name),
      DATABASE_URL: context.database(name),
      CUTOVER_BROKER: broker.kind,
      // What builds before this one read.
      BROKER: broker.kind,
      LOG_DATABASE_URL: context.database('log'),
      LOG_RETENTION_HOURS: retentionHours,
      ...(broker.kind === 'kafka' ? { KAFKA_BROKERS: broker.brokers } : {}),
      CAPABILITIES: formatCapabilities(context.capabilities),
      INSTANCE: String(context.instance),
      SERVICE_URLS: serviceUrls,
      LOG_LEVEL: logLevel,
    }),
  }
}

/** Stands for the finance service outside: it pays, confirms, and misbehaves when it is told to. */
function financeProcess(home: Home, bonusesUrl: string, { logLevel }: Shared): ProcessDefinition {
  return {
    name: 'finance',
    file: program('./finance/main.ts'),
    ports: [home.firstPort + financePort],
    environment: context => ({
      ...identity(context, 'finance'),
      DATABASE_URL: context.database('finance'),
      OPERATOR_TOKEN_FILE: home.operatorTokenFile,
      BONUSES_URL: bonusesUrl,
      LOG_LEVEL: logLevel,
    }),
  }
}

/** Of two engines one acts; the other takes over when it dies. Both take orders. */
function engineProcess(home: Home, instances: number, { serviceUrls, logLevel }: Shared): ProcessDefinition {
  return {
    name: 'engine',
    file: program('./operations/main.ts'),
    ports: [home.firstPort, home.firstPort + 4].slice(0, instances),
    environment: context => ({
      ...identity(context, 'engine'),
      INSTANCE: `engine-${context.instance}`,
      ENGINE_DATABASE_URL: context.database('engine'),
      OPERATOR_TOKEN_FILE: home.operatorTokenFile,
      ...(home.approvals ? { APPROVALS: 'on', APPROVER_TOKEN_FILE: home.approverTokenFile } : {}),
      SERVICE_URLS: serviceUrls,
      DEPLOYER_URL: urlOf(supervisorPort(home)),
      CONSOLE_FOLDER: program('../console/dist'),
      LOG_LEVEL: logLevel,
    }),
  }
}

/** The people: they sign for themselves, as candidates and managers. */
function trafficProcess(home: Home, { serviceUrls, logLevel, rate }: Shared): ProcessDefinition {
  return {
    name: 'traffic',
    file: program('./traffic/main.ts'),
    ports: [home.firstPort + 3],
    environment: context => ({
      ...identity(context, 'people'),
      OPERATOR_TOKEN_FILE: home.operatorTokenFile,
      SERVICE_URLS: serviceUrls,
      LOG_LEVEL: logLevel,
      TRAFFIC_RATE: String(rate),
    }),
  }
}

const identity = ({ home, port }: InstanceContext, issuer: string): Record<string, string> => ({
  PORT: String(port),
  PRIVATE_KEY_FILE: home.privateKeyFile(issuer),
  TRUSTED_KEYS_FILE: home.trustedKeysFile,
})

const enginesMax = 2
type Counts = Readonly<Record<Service | 'engine', number>>

/** Reads `hiring=2,bonuses=2`; who is not named runs once. */
function instancesFrom(text: string | undefined): Counts {
  const counts: Record<Service | 'engine', number> = { management: 1, hiring: 1, bonuses: 1, engine: 1 }
  for (const part of (text ?? '').split(',').filter(part => part.trim() !== '')) {
    const [, name, count] = /^\s*(\w+)\s*=\s*(\d+)\s*$/.exec(part) ?? []
    const service = ([...services, 'engine'] as const).find(known => known === name)
    const most = service === 'engine' ? enginesMax : instancesMax
    if (service === undefined || Number(count) < 1 || Number(count) > most) {
      throw new StartRefused(
        `CUTOVER_INSTANCES has "${part.slice(0, 40)}": it must list SERVICE=COUNT, such as hiring=2,bonuses=2, with a service of ${services.join(', ')} and a count from 1 to ${instancesMax}, or engine and a count from 1 to ${enginesMax}.`,
        exitCodes.usage,
      )
    }
    counts[service] = Number(count)
  }
  return counts
}

/** What services can do before anything is deployed: what the starting routes need, or everything at once. */
type Start = 'needed' | 'all'

function startFrom(text: string | undefined): Start {
  if (text === undefined || text === '') return 'needed'
  if (text === 'all') return 'all'
  throw new StartRefused(
    `CUTOVER_CAPABILITIES is "${text.slice(0, 40)}": it must be "all", or not set for what the starting routes of the links need.`,
    exitCodes.usage,
  )
}

/** What carries events: the PostgreSQL log, or a Kafka cluster, of our own unless another one is named. */
type LogBroker = { readonly kind: 'postgres' } | { readonly kind: 'kafka'; readonly brokers: string; readonly isOurs: boolean }

function brokerFrom(environment: NodeJS.ProcessEnv, home: Home): LogBroker {
  const kind = environment['CUTOVER_BROKER'] ?? ''
  if (kind === '' || kind === 'postgres') return { kind: 'postgres' }
  if (kind !== 'kafka') throw new StartRefused(`CUTOVER_BROKER is "${kind.slice(0, 40)}": it must be postgres or kafka.`, exitCodes.usage)
  const named = environment['KAFKA_BROKERS'] ?? ''
  if (named !== '') return { kind, brokers: named, isOurs: false }
  const own = kafkaPorts(home).slice(0, brokersCount)
  return { kind, brokers: own.map(port => `127.0.0.1:${port}`).join(','), isOurs: true }
}

function numberFrom(environment: NodeJS.ProcessEnv, name: string, otherwise: number, maximum: number, meaning: string): number {
  const text = environment[name]
  if (text === undefined || text === '') return otherwise
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= maximum) return Number(text)
  throw new StartRefused(`${name} is "${text.slice(0, 40)}": it must be a number from 0 to ${maximum} (${meaning}).`, exitCodes.usage)
}
