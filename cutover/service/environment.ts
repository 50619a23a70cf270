import { readFileSync } from 'node:fs'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import { ConfigurationError, readEnvironment } from '../process/environment.ts'
import { readCapabilities } from './capabilities.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const buildLengthMax = 200

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
      BROKER: { kind: 'choice', choices: ['postgres'], default: 'postgres', describe: 'which log carries events' },
      LOG_DATABASE_URL: { kind: 'url', describe: 'the database of the PostgreSQL log', secret: true },
      PORT: { kind: 'integer', minimum: 0, maximum: 65_535, describe: 'the port to listen on, loopback only' },
      INSTANCE: { kind: 'text', describe: 'the name of this instance, unique among those of the service' },
      PRIVATE_KEY_FILE: { kind: 'file', describe: 'the Ed25519 private key (JWK) with which this service signs its tokens' },
      TRUSTED_KEYS_FILE: { kind: 'file', describe: 'the public keys of all issuers' },
      SERVICE_URLS: { kind: 'text', describe: 'JSON: {"bonuses": ["http://127.0.0.1:4430"], …}' },
      CAPABILITIES: { kind: 'text', optional: true, describe: 'what this instance can do: record:COMM-040,serve:COMM-040' },
      BUILD: { kind: 'text', default: version, describe: 'the name of this build, for operators' },
      LOG_LEVEL: { kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], default: 'info', describe: 'how much to log' },
      DATABASE_CONNECTIONS: { kind: 'integer', minimum: 2, maximum: 100, default: 16, describe: 'connections to the database at the most' },
    } as const,
    source,
  )
  const urls = parseUrls(read.SERVICE_URLS)
  const able = readCapabilities(read.CAPABILITIES, service, links, events, changes)
  const faults = [
    ...(urls === null
      ? ['SERVICE_URLS must be a JSON object with a list of addresses per service, for example {"bonuses":["http://127.0.0.1:4430"]}']
      : []),
    ...('faults' in able ? able.faults : []),
    ...(read.BUILD.length > buildLengthMax ? [`BUILD must have at most ${buildLengthMax} characters`] : []),
  ]
  if (urls === null || 'faults' in able || faults.length > 0) throw new ConfigurationError(faults)
  return { ...read, SERVICE_URLS: urls, CAPABILITIES: able.capabilities }
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
