import { fileURLToPath } from 'node:url'
import { readFile } from 'node:fs/promises'
import { isTransient, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { openClient } from 'cutover/http/client'
import { openServer, tokenDigest } from 'cutover/http/server'
import { openSigner, openVerifier } from 'cutover/http/tokens'
import { fail, type Running, runProcess } from 'cutover/process'
import { systemClock, systemRandom } from 'cutover/process/clock'
import { readEnvironment } from 'cutover/process/environment'
import { openLog } from 'cutover/process/log'
import { openFinance } from './service.ts'

const callMs = 5_000
const startAttemptsMax = 60

/** Runs the stand-in until it is told to stop. */
async function run(): Promise<void> {
  const environment = readEnvironment({
    DATABASE_URL: { kind: 'url', describe: 'its own database, postgres://…', secret: true },
    PORT: { kind: 'integer', minimum: 0, maximum: 65_535, describe: 'the port to listen on' },
    LISTEN_ADDRESS: { kind: 'text', default: '127.0.0.1', describe: 'the address to listen on' },
    PRIVATE_KEY_FILE: { kind: 'file', describe: 'the Ed25519 private key (JWK) with which it signs its confirmations' },
    TRUSTED_KEYS_FILE: { kind: 'file', describe: 'the public keys of all issuers' },
    OPERATOR_TOKEN_FILE: { kind: 'file', describe: "the file with the operator's token; who shows it may tell it to misbehave" },
    BONUSES_URL: { kind: 'url', describe: 'where what was paid is confirmed' },
    LATE_MS: { kind: 'integer', minimum: 0, maximum: 600_000, default: 3_000, describe: 'how late a late payment is' },
    LOG_LEVEL: { kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], default: 'info', describe: 'how much to log' },
  } as const)
  const log = openLog({ service: 'finance', instance: '1', level: environment.LOG_LEVEL })
  const database = openDatabase({
    url: environment.DATABASE_URL,
    name: 'finance',
    connectionsMax: 8,
    onIdleError: error => log.debug({ err: error }, 'database: an idle connection was closed'),
  })
  for (let attempt = 1; ; attempt++) {
    try {
      await database.answers()
      break
    } catch (error) {
      if (!isTransient(error) || attempt >= startAttemptsMax) throw error
      await systemClock.sleep(250)
    }
  }
  await installMigrations(database, [{ name: 'finance', folder: fileURLToPath(new URL('db', import.meta.url)) }])
  const signer = await openSigner({ issuer: 'finance', privateKeyFile: environment.PRIVATE_KEY_FILE })
  const bonuses = openClient({
    baseUrls: [environment.BONUSES_URL],
    token: () => signer.token({ audience: 'bonuses' }),
    deadlineMs: callMs,
    connectionsMax: 4,
  })
  const { routes, running } = openFinance({
    database,
    bonuses,
    clock: systemClock,
    random: systemRandom,
    log,
    lateMs: environment.LATE_MS,
  })
  const server = await openServer({
    service: 'finance',
    port: environment.PORT,
    host: environment.LISTEN_ADDRESS,
    routes,
    verifier: await openVerifier({ audience: 'finance', trustedKeysFile: environment.TRUSTED_KEYS_FILE }),
    operatorTokenDigest: tokenDigest((await readFile(environment.OPERATOR_TOKEN_FILE, 'utf8')).trim()),
    log,
    ready: async () => ({ database: await database.answers().then(() => 'ok', String) }),
  })
  const connections: Running = {
    name: 'connections',
    start: async () => undefined,
    async stop() {
      await bonuses.close()
      await database.close()
    },
  }
  await runProcess([connections, running, server], { log })
}

await run().catch(fail)
