import { readFile } from 'node:fs/promises'
import { openClient } from 'cutover/http/client'
import { openServer, tokenDigest } from 'cutover/http/server'
import { openSigner } from 'cutover/http/tokens'
import { fail, runProcess } from 'cutover/process'
import { systemClock, systemRandom } from 'cutover/process/clock'
import { readEnvironment } from 'cutover/process/environment'
import { openLog } from 'cutover/process/log'
import { openTraffic } from './pace.ts'
import { openPeople } from './people.ts'
import { rateMax, trafficRoutes } from './http.ts'
import { openSchoolLife } from './school-life.ts'

try {
  const environment = readEnvironment({
    PORT: { kind: 'integer', minimum: 0, maximum: 65_535, describe: 'the port of the control interface' },
    LISTEN_ADDRESS: { kind: 'text', default: '127.0.0.1', describe: 'the address to listen on' },
    PRIVATE_KEY_FILE: { kind: 'file', describe: 'the key with which people sign, JWK' },
    OPERATOR_TOKEN_FILE: { kind: 'file', describe: 'the operator’s token, which may start and stop traffic' },
    SERVICE_URLS: { kind: 'text', describe: 'JSON: the addresses of the services' },
    TRAFFIC_RATE: { kind: 'number', minimum: 0, maximum: rateMax, default: 10, describe: 'outcomes per second' },
    TRAFFIC_CAP: { kind: 'integer', minimum: 0, default: 3_000_000, describe: 'outcomes after which traffic rests' },
    LOG_LEVEL: { kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], default: 'info', describe: 'how much to log' },
  } as const)
  const log = openLog({ service: 'traffic', instance: '1', level: environment.LOG_LEVEL })
  const urls = JSON.parse(environment.SERVICE_URLS) as Record<string, string[]>
  // People sign for themselves, call by call.
  const clients = new Map(
    Object.entries(urls).map(([service, baseUrls]) => [
      service,
      openClient({ baseUrls, token: async () => '', deadlineMs: 5_000, connectionsMax: 32 }),
    ]),
  )
  const people = openPeople(clients, await openSigner({ issuer: 'people', privateKeyFile: environment.PRIVATE_KEY_FILE }), systemRandom)
  const traffic = openTraffic(openSchoolLife(people, systemRandom), {
    rate: environment.TRAFFIC_RATE,
    cap: environment.TRAFFIC_CAP,
    clock: systemClock,
    log,
  })
  const server = await openServer({
    service: 'traffic',
    port: environment.PORT,
    host: environment.LISTEN_ADDRESS,
    verifier: null,
    operatorTokenDigest: tokenDigest((await readFile(environment.OPERATOR_TOKEN_FILE, 'utf8')).trim()),
    log,
    ready: async () => ({ traffic: 'ok' }),
    routes: trafficRoutes(traffic),
  })
  await runProcess([traffic, server], { log })
} catch (error) {
  fail(error)
}
