// The three services of the school in this process: their real servers, over real databases and the real log.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker } from '../../cutover/broker/broker.ts'
import { openPostgresLog } from '../../cutover/broker/postgres/log.ts'
import { formatCapabilities, possibleCapabilities } from '../../cutover/contract/capability.ts'
import { type Database, openDatabase } from '../../cutover/database/database.ts'
import type { RouteDefinition, Server } from '../../cutover/http/server.ts'
import { type Claims, generateKeyPair, openSigner, type Signer } from '../../cutover/http/tokens.ts'
import { openLog } from '../../cutover/process/log.ts'
import type { Running } from '../../cutover/process/process.ts'
import type { ServiceDefinition } from '../../cutover/service/definition.ts'
import { environmentOf } from '../../cutover/service/environment.ts'
import { openService } from '../../cutover/service/service.ts'
import { bonuses } from '../../school/bonuses/service.ts'
import { events } from '../../school/contracts/events.ts'
import { links } from '../../school/contracts/links.ts'
import { hiring } from '../../school/hiring/service.ts'
import { management } from '../../school/management/service.ts'
import { freshDatabase } from '../database.ts'

export type ServiceName = 'management' | 'hiring' | 'bonuses'

export interface SchoolService {
  readonly server: Server
  readonly routes: readonly RouteDefinition[]
  readonly database: Database
  /** Starts what works beside requests as well: consumers, lanes, what waits. */
  start(): Promise<void>
  /** A digest of all that the business, the library and the requests have stored. */
  stand(): Promise<string>
}

/** Who asks: a person, or a service over a link. */
export type Asking = { readonly subject: string; readonly role: string } | { readonly from: string; readonly link: string }

export interface Sending {
  readonly body?: object | string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
}

export interface School {
  readonly services: Readonly<Record<ServiceName, SchoolService>>
  readonly log: Broker
  token(issuer: string, claims: Claims): Promise<string>
  /** Calls a service as whoever the claims say, with a JSON body if there is one. */
  call(service: ServiceName, as: Asking, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, more?: Sending): Promise<Answer>
  close(): Promise<void>
}

const definitions: readonly ServiceDefinition[] = [management, bonuses, hiring]
/** What changes by itself while nothing is asked for. */
const restless = ['instance', 'relay_lane', 'consumer_partition', 'compared']

/**
 * Only the servers run, so that nothing changes but what requests change. Each service can do everything that needs no plan.
 * `elsewhere` are the addresses of services that stand in for ours.
 */
export async function openSchool(elsewhere: Readonly<Record<string, readonly string[]>> = {}): Promise<School> {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-school-'))
  const signers = new Map<string, Signer>()
  const trusted: Record<string, object> = {}
  const keyOf = (issuer: string): string => join(folder, `${issuer}.json`)
  for (const issuer of ['management', 'hiring', 'bonuses', 'people', 'engine']) {
    const { privateJwk, publicJwk } = await generateKeyPair()
    await writeFile(keyOf(issuer), JSON.stringify(privateJwk))
    signers.set(issuer, await openSigner({ issuer, privateKeyFile: keyOf(issuer) }))
    trusted[issuer] = publicJwk
  }
  const trustedKeysFile = join(folder, 'trusted.json')
  await writeFile(trustedKeysFile, JSON.stringify(trusted))
  const logUrl = (await freshDatabase()).url
  const log = openPostgresLog({ url: logUrl, name: 'test', log: openLog({ service: 'test', instance: '1', level: 'fatal' }) })
  const urls: Record<string, readonly string[]> = {}
  const services = {} as Record<ServiceName, SchoolService>
  const started: Running[] = []
  for (const definition of definitions) {
    const { name } = definition
    const { url } = await freshDatabase()
    const environment = environmentOf(definition, {
      DATABASE_URL: url,
      LOG_DATABASE_URL: logUrl,
      PORT: '0',
      INSTANCE: `${name}-1`,
      PRIVATE_KEY_FILE: keyOf(name),
      TRUSTED_KEYS_FILE: trustedKeysFile,
      SERVICE_URLS: JSON.stringify({ ...urls, ...elsewhere }),
      CAPABILITIES: formatCapabilities(possibleCapabilities(links, name, events)),
    })
    const { parts, server, routes } = await openService(definition, environment, openLog({ service: name, instance: '1', level: 'error' }))
    await server.start()
    // Management is read by the others. Over business links nobody is called: deliveries are what tests make themselves.
    if (definition === management) urls[name] = [server.url]
    const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
    // Even those that were never started hold connections, which only stopping closes.
    started.push({ name, start: async () => undefined, stop: () => database.close() }, ...parts)
    services[name as ServiceName] = {
      server,
      routes,
      database,
      async start() {
        for (const part of parts) if (part !== server) await part.start()
      },
      stand: () => standOf(database),
    }
  }
  const token: School['token'] = (issuer, claims) => (signers.get(issuer) ?? assert.fail(`nobody signs for ${issuer}`)).token(claims)
  return {
    services,
    log,
    token,
    async call(service, as, method, url, { body, headers = {} } = {}) {
      const bearer =
        'from' in as
          ? await token(as.from, { audience: service, link: as.link })
          : await token('people', { audience: service, subject: as.subject, role: as.role })
      const answer = await services[service].server.inject({
        method,
        url,
        headers: { authorization: `Bearer ${bearer}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      return {
        status: answer.statusCode,
        body: answer.body === '' ? {} : answer.json<Record<string, unknown>>(),
        headers: answer.headers,
      }
    },
    async close() {
      for (const part of started.toReversed()) await part.stop()
      await log.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function standOf(database: Database): Promise<string> {
  const { rows } = await database.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class join pg_namespace n on n.oid = relnamespace
      where nspname = 'public' and relkind in ('r', 'p') and not relispartition and relname <> all($1::text[]) order by relname`,
    [restless],
  )
  const digests = rows.map(
    ({ name }) => `'${name} ' || (select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') from ${name} t)`,
  )
  const { rows: stand } = await database.query<{ stand: string }>(`select concat_ws(E'\\n', ${digests.join(', ')}) as stand`)
  return stand[0]?.stand ?? ''
}
