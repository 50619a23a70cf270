import { readFileSync } from 'node:fs'
import type { LogAddress } from '../broker/open.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import { ConfigurationError, readEnvironment } from '../process/environment.ts'
import { defaultRetention } from '../broker/postgres/retention.ts'
import { readCapabilities } from './capabilities.ts'
import type { ServiceDefinition } from './definition.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const buildLengthMax = 200
const brokerRule = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$/
const portMax = 65_535
/** About a gigabyte, and half an hour of six hundred facts a second. */
export const outboxMaxDefault = 1_000_000
/** A lane that works well has this many before it at any time: it trails, and reads in runs. */
const outboxMaxMin = 100

/** The configuration of one service instance. Every variable is validated at start; all faults are told at once. */
export function readServiceEnvironment(
  service: string,
  links: readonly LinkContract[],
  events: readonly EventContract[] = [],
  changes: readonly string[] = [],
  source: NodeJS.ProcessEnv = process.env,
) {
  const read = readEnvironment(
    {
      DATABASE_URL: { kind: 'url', describe: "this service's own database, postgres://…", secret: true },
      CUTOVER_BROKER: { kind: 'choice', choices: ['postgres', 'kafka'], optional: true, describe: 'which log carries events' },
      // The name that builds before this one know.
      BROKER: { kind: 'choice', choices: ['postgres', 'kafka'], default: 'postgres', describe: 'the same, under its older name' },
      LOG_DATABASE_URL: { kind: 'url', optional: true, describe: 'the database of the PostgreSQL log', secret: true },
      LOG_RETENTION_HOURS: {
        kind: 'integer',
        minimum: 1,
        maximum: 8_760,
        default: defaultRetention.keepHours,
        describe: 'how long the PostgreSQL log keeps records, in hours',
      },
      KAFKA_BROKERS: { kind: 'text', optional: true, describe: 'brokers of the Kafka cluster: host:port,host:port' },
      PORT: { kind: 'integer', minimum: 0, maximum: 65_535, describe: 'the port to listen on' },
      LISTEN_ADDRESS: {
        kind: 'text',
        default: '127.0.0.1',
        describe: 'the address to listen on: loopback only, or 0.0.0.0 in a container',
      },
      INSTANCE: { kind: 'text', describe: 'the name of this instance, unique among those of the service' },
      PRIVATE_KEY_FILE: { kind: 'file', describe: 'the Ed25519 private key (JWK) with which this service signs its tokens' },
      TRUSTED_KEYS_FILE: { kind: 'file', describe: 'the public keys of all issuers' },
      SERVICE_URLS: { kind: 'text', describe: 'JSON: {"bonuses": ["http://127.0.0.1:4430"], …}' },
      CAPABILITIES: { kind: 'text', optional: true, describe: 'what this instance can do: record:COMM-040,serve:COMM-040' },
      BUILD: { kind: 'text', default: version, describe: 'the name of this build, for operators' },
      LOG_LEVEL: { kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], default: 'info', describe: 'how much to log' },
      OUTBOX_MAX: {
        kind: 'integer',
        minimum: outboxMaxMin,
        maximum: 1_000_000_000,
        default: outboxMaxDefault,
        describe: 'facts that may wait to be delivered; beyond it new ones are refused',
      },
      DATABASE_FOLDER: {
        kind: 'text',
        optional: true,
        describe: "the folder of the database's files, where its disk can be seen from here",
      },
      DATABASE_CONNECTIONS: { kind: 'integer', minimum: 2, maximum: 100, default: 16, describe: 'connections to the database at the most' },
    } as const,
    source,
  )
  const urls = parseUrls(read.SERVICE_URLS)
  const eventLog = logFrom(read.CUTOVER_BROKER ?? read.BROKER, read)
  const able = readCapabilities(read.CAPABILITIES, service, links, events, changes)
  const faults = [
    ...(urls === null
      ? ['SERVICE_URLS must be a JSON object with a list of addresses per service, for example {"bonuses":["http://127.0.0.1:4430"]}']
      : []),
    ...('fault' in eventLog ? [eventLog.fault] : []),
    ...('faults' in able ? able.faults : []),
    ...(read.BUILD.length > buildLengthMax ? [`BUILD must have at most ${buildLengthMax} characters`] : []),
  ]
  if (urls === null || 'faults' in able || 'fault' in eventLog || faults.length > 0) throw new ConfigurationError(faults)
  return { ...read, SERVICE_URLS: urls, CAPABILITIES: able.capabilities, eventLog }
}

/** Where the log is that was chosen; what only the other one needs is not looked at. */
function logFrom(
  kind: LogAddress['kind'],
  {
    LOG_DATABASE_URL: url,
    LOG_RETENTION_HOURS: keepHours,
    KAFKA_BROKERS: listed,
  }: { readonly LOG_DATABASE_URL: string | undefined; readonly LOG_RETENTION_HOURS: number; readonly KAFKA_BROKERS: string | undefined },
): LogAddress | { readonly fault: string } {
  if (kind === 'postgres')
    return url === undefined ? { fault: 'LOG_DATABASE_URL is not set: the database of the PostgreSQL log' } : { kind, url, keepHours }
  const brokers = (listed ?? '').split(',').map(one => one.trim())
  if (brokers.every(one => brokerRule.test(one) && Number(one.slice(one.lastIndexOf(':') + 1)) <= portMax)) return { kind, brokers }
  return { fault: 'KAFKA_BROKERS must list brokers of the Kafka cluster: host:port,host:port, for example 10.0.0.1:9092,10.0.0.2:9092' }
}

export type ServiceEnvironment = ReturnType<typeof readServiceEnvironment>

function parseUrls(text: string): Readonly<Record<string, readonly string[]>> | null {
  try {
    const value: unknown = JSON.parse(text)
    const valid =
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every(
        urls => Array.isArray(urls) && urls.length > 0 && urls.every(url => typeof url === 'string' && URL.canParse(url)),
      )
    return valid ? (value as Record<string, string[]>) : null
  } catch {
    // No JSON at all: told in the same words as any other fault of the variable.
    return null
  }
}

/** What configures an instance of this service, read and validated. */
export const environmentOf = (
  { name, links, events, columns = [] }: ServiceDefinition,
  source: NodeJS.ProcessEnv = process.env,
): ReturnType<typeof readServiceEnvironment> =>
  readServiceEnvironment(name, links, events, [...new Set(columns.map(one => one.change))], source)
