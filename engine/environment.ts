import { ConfigurationError, readEnvironment } from 'cutover/process/environment'

/** The configuration of the engine. Every variable is validated at start; all faults are told at once. */
export function readEngineEnvironment(source: Readonly<Record<string, string | undefined>> = process.env) {
  const read = readEnvironment(
    {
      ENGINE_DATABASE_URL: { kind: 'url', describe: "the engine's own database, postgres://…", secret: true },
      PORT: { kind: 'integer', minimum: 0, maximum: 65_535, describe: 'the port to listen on' },
      LISTEN_ADDRESS: {
        kind: 'text',
        default: '127.0.0.1',
        describe: 'the address to listen on: loopback only, or 0.0.0.0 in a container',
      },
      INSTANCE: { kind: 'text', default: 'engine', describe: 'the name of this instance in logs' },
      PRIVATE_KEY_FILE: { kind: 'file', describe: 'the Ed25519 private key (JWK) with which the engine signs its tokens' },
      OPERATOR_TOKEN_FILE: { kind: 'file', describe: "the file with the operator's token; who shows it may move links" },
      APPROVER_TOKEN_FILE: {
        kind: 'file',
        optional: true,
        describe: "the file with the second person's token; who shows it may read and approve",
      },
      APPROVALS: {
        kind: 'choice',
        choices: ['on', 'off'],
        default: 'off',
        describe: 'whether what cannot be undone needs the approval of a second person',
      },
      SERVICE_URLS: { kind: 'text', describe: 'JSON: {"bonuses": ["http://127.0.0.1:4430"], …}, one address per instance' },
      DEPLOYER_URL: {
        kind: 'url',
        optional: true,
        describe: 'what deploys builds by itself (in the sandbox, the supervisor); without it, a person does and plans wait for it',
      },
      CONSOLE_FOLDER: { kind: 'text', optional: true, describe: 'the folder with the built console; without it there is none' },
      LOG_LEVEL: { kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], default: 'info', describe: 'how much to log' },
    } as const,
    source,
  )
  if (read.APPROVALS === 'on' && read.APPROVER_TOKEN_FILE === undefined) {
    throw new ConfigurationError(['APPROVALS is on, and nobody could approve: set APPROVER_TOKEN_FILE'])
  }
  return { ...read, SERVICE_URLS: parseUrls(read.SERVICE_URLS) }
}

type Urls = Readonly<Record<string, readonly string[]>>

function parseUrls(text: string): Urls {
  const rule = 'SERVICE_URLS must be a JSON object with a list of addresses per service, for example {"bonuses":["http://127.0.0.1:4430"]}'
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ConfigurationError([`${rule}: ${(cause as Error).message}`])
  }
  if (isUrls(value)) return value
  throw new ConfigurationError([rule])
}

const isUrls = (value: unknown): value is Urls =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(
    urls => Array.isArray(urls) && urls.length > 0 && urls.every(url => typeof url === 'string' && URL.canParse(url)),
  )
