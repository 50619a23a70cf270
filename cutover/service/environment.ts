import { ConfigurationError, readEnvironment } from '../process/environment.ts'

/** The configuration of one service instance. Every variable is validated at start; all faults are told at once. */
export function readServiceEnvironment() {
  const read = readEnvironment({
    DATABASE_URL: { kind: 'url', describe: "this service's own database, postgres://…", secret: true },
    BROKER: { kind: 'choice', choices: ['postgres'], default: 'postgres', describe: 'which log carries events' },
    LOG_DATABASE_URL: { kind: 'url', describe: 'the database of the PostgreSQL log', secret: true },
    PORT: { kind: 'integer', minimum: 0, maximum: 65_535, describe: 'the port to listen on, loopback only' },
    INSTANCE: { kind: 'text', describe: 'the name of this instance, unique among those of the service' },
    PRIVATE_KEY_FILE: { kind: 'file', describe: 'the Ed25519 private key (JWK) with which this service signs its tokens' },
    TRUSTED_KEYS_FILE: { kind: 'file', describe: 'the public keys of all issuers' },
    SERVICE_URLS: { kind: 'text', describe: 'JSON: {"bonuses": ["http://127.0.0.1:4430"], …}' },
    LOG_LEVEL: { kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], default: 'info', describe: 'how much to log' },
    DATABASE_CONNECTIONS: { kind: 'integer', minimum: 2, maximum: 100, default: 16, describe: 'connections to the database at the most' },
  } as const)
  return { ...read, SERVICE_URLS: parseUrls(read.SERVICE_URLS) }
}

function parseUrls(text: string): Readonly<Record<string, readonly string[]>> {
  try {
    const value: unknown = JSON.parse(text)
    const valid =
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every(
        urls => Array.isArray(urls) && urls.length > 0 && urls.every(url => typeof url === 'string' && URL.canParse(url)),
      )
    if (valid) return value as Record<string, string[]>
  } catch {
    // Said below, in the same words as any other fault of the variable.
  }
  throw new ConfigurationError([
    'SERVICE_URLS must be a JSON object with a list of addresses per service, for example {"bonuses":["http://127.0.0.1:4430"]}',
  ])
}
