import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Database } from 'cutover/database'
import { extendProblems } from 'cutover/failure'
import { openServer, type RouteDefinition, type Server } from 'cutover/http/server'
import { type Claims, generateKeyPair, openSigner, openVerifier, roles, type Role, type Signer } from 'cutover/http/tokens'
import { systemRandom } from 'cutover/process/clock'
import { openLog } from 'cutover/process/log'
import type { Once } from 'cutover/service'
import type { Door } from '../../cutover/receive/door.ts'
import { linkRoutes } from '../../cutover/service/link-routes.ts'
import { servedRoutes } from '../../cutover/service/serving.ts'
import { candidateRoutes } from '../hiring/candidates/http.ts'
import { ratingRoutes } from '../hiring/ratings/http.ts'
import { managerRoutes } from '../management/managers/http.ts'
import { taskRoutes } from '../management/tasks/http.ts'
import { links } from './links.ts'
import { problems } from './problems.ts'
import { wholeTitles } from '../../tests/titles.ts'

extendProblems(problems)

type Service = 'management' | 'hiring' | 'bonuses'
const services: readonly Service[] = ['management', 'hiring', 'bonuses']

interface Endpoint {
  readonly link: string
  /** Who has it: the owner of a data link's state, the receiver of a business link. */
  readonly service: Service
  /** Whose token gets in. */
  readonly caller: Service
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Persons who get in as well. */
  readonly persons: readonly Role[]
  /** Those for whom there is nothing at the path. */
  readonly blind?: readonly Role[]
  /** Other links that the same path serves. */
  readonly shared?: readonly string[]
  /** What the caller is told while no link is served there: the path is still there for persons, or for another method, or does not exist. */
  readonly unserved: 'link_retired' | 'method_not_allowed' | 'not_found'
}

const [management, hiring, bonuses] = services as [Service, Service, Service]
const manager = '/managers/m-1'
const candidate = '/candidates/c-1'
const table: readonly Endpoint[] = [
  {
    link: 'COMM-010',
    service: management,
    caller: hiring,
    method: 'GET',
    path: manager,
    persons: ['manager', 'admin'],
    blind: ['candidate'],
    shared: ['COMM-070'],
    unserved: 'link_retired',
  },
  {
    link: 'COMM-070',
    service: management,
    caller: bonuses,
    method: 'GET',
    path: manager,
    persons: ['manager', 'admin'],
    blind: ['candidate'],
    shared: ['COMM-010'],
    unserved: 'link_retired',
  },
  {
    link: 'COMM-020',
    service: management,
    caller: hiring,
    method: 'GET',
    path: '/tasks/t-1',
    persons: ['manager'],
    unserved: 'link_retired',
  },
  { link: 'COMM-030', service: management, caller: hiring, method: 'POST', path: '/tasks/t-1/rework', persons: [], unserved: 'not_found' },
  {
    link: 'COMM-040',
    service: bonuses,
    caller: hiring,
    method: 'POST',
    path: '/credits',
    persons: [],
    shared: ['COMM-080'],
    unserved: 'not_found',
  },
  {
    link: 'COMM-080',
    service: bonuses,
    caller: management,
    method: 'POST',
    path: '/credits',
    persons: [],
    shared: ['COMM-040'],
    unserved: 'not_found',
  },
  { link: 'COMM-050', service: bonuses, caller: hiring, method: 'POST', path: '/debits', persons: [], unserved: 'not_found' },
  { link: 'COMM-060', service: hiring, caller: bonuses, method: 'GET', path: '/tasks/t-1/rating', persons: [], unserved: 'not_found' },
  {
    link: 'COMM-090',
    service: hiring,
    caller: management,
    method: 'GET',
    path: candidate,
    persons: ['candidate', 'manager', 'admin'],
    unserved: 'link_retired',
  },
  {
    link: 'COMM-090',
    service: hiring,
    caller: management,
    method: 'GET',
    path: '/candidates?limit=1',
    persons: [],
    unserved: 'method_not_allowed',
  },
]

// A store in which everything is found: what is tried is who gets in.
const row = { failed: 0, checks: 0 }
const database = { query: async () => ({ rows: [row], rowCount: 1 }) } as unknown as Database
const once: Once = async () => assert.fail('nothing is stated here')
const routesOf: Readonly<Record<Service, readonly RouteDefinition[]>> = {
  management: [...managerRoutes(database, once, systemRandom), ...taskRoutes(database, once, systemRandom, wholeTitles)],
  hiring: [...candidateRoutes(database, once, systemRandom), ...ratingRoutes(database)],
  bonuses: [],
}
const envelope = {
  payload: {},
  meta: { event_id: systemRandom.uuid(), event_version: 0, event_name: 'Any', produced_at: '2026-01-01T00:00:00Z' },
}

const keys = await keyring()

/** Keys of the three services, of who signs for people, and of somebody whom nobody trusts; one verifier for each service. */
async function keyring() {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-keys-'))
  const trusted: Record<string, object> = {}
  const signers = new Map<string, Signer>()
  for (const issuer of [...services, 'people', 'stranger']) {
    const { privateJwk, publicJwk } = await generateKeyPair()
    const privateKeyFile = join(folder, `${issuer}.json`)
    await writeFile(privateKeyFile, JSON.stringify(privateJwk))
    signers.set(issuer, await openSigner({ issuer, privateKeyFile }))
    if (issuer !== 'stranger') trusted[issuer] = publicJwk
  }
  const trustedKeysFile = join(folder, 'trusted.json')
  await writeFile(trustedKeysFile, JSON.stringify(trusted))
  const verifiers = new Map(
    await Promise.all(services.map(async one => [one, await openVerifier({ audience: one, trustedKeysFile })] as const)),
  )
  await rm(folder, { recursive: true })
  const token = (issuer: string, claims: Claims): Promise<string> => (signers.get(issuer) ?? assert.fail(issuer)).token(claims)
  return { verifiers, token }
}

/** An instance of the service that serves these links, with what got as far as a door. */
async function instance(service: Service, serves: (link: string) => boolean): Promise<{ server: Server; delivered: unknown[] }> {
  const delivered: unknown[] = []
  const door: Door = {
    async handle({ caller }) {
      delivered.push(caller)
      return { body: {} }
    },
  }
  const leading = links.filter(link => link.to === service)
  const doors = new Map(leading.filter(({ kind, id }) => kind === 'business' && serves(id)).map(({ id }) => [id, door]))
  const routes = [...servedRoutes(routesOf[service], links, service, serves), ...linkRoutes(leading, doors, {} as never)]
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  const verifier = keys.verifiers.get(service) ?? assert.fail(service)
  return { server: await openServer({ service, port: 0, routes, verifier, log, ready: async () => ({}) }), delivered }
}

const everyLink = () => true

async function ask(server: Server, { method, path }: Endpoint, token: string | null): Promise<[number, unknown]> {
  const headers = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(method === 'POST' ? { 'content-type': 'application/json', 'idempotency-key': envelope.meta.event_id } : {}),
  }
  const answer = await server.inject({ method, url: path, headers, ...(method === 'POST' ? { payload: JSON.stringify(envelope) } : {}) })
  return [answer.statusCode, answer.json<{ code?: unknown }>().code]
}

const titleOf = ({ link, method, path }: Endpoint): string => `${method} ${path} of ${link}`

test('the table has every link of the school, with its path, its owner and its caller as the contract says', () => {
  for (const { id, kind, from, to, http } of links) {
    const [owner, caller] = kind === 'data' ? [from, to] : [to, from]
    const paths = table.filter(one => one.link === id).map(({ service, caller: by, method, path }) => [service, by, `${method} ${path}`])
    const wanted = `${http.method} ${http.path.replace('{id}', `${(paths[0]?.[2] ?? '').includes('managers') ? 'm' : id === 'COMM-090' ? 'c' : 't'}-1`)}`
    assert.deepEqual(paths[0], [owner, caller, wanted], id)
  }
})

test('no operation of an owner names a link that is not in the table, and none is without a policy', () => {
  for (const service of services) {
    for (const route of routesOf[service]) {
      assert.notEqual(route.policy, 'public', route.operationId)
      const named = typeof route.policy === 'object' && 'links' in route.policy ? (route.policy.links ?? []) : []
      assert.deepEqual(named.map(one => one.link).join(',') || undefined, route.link, route.operationId)
      for (const { from, link } of named)
        assert.ok(
          table.some(one => one.link === link && one.caller === from && one.service === service),
          link,
        )
    }
  }
})

for (const endpoint of table) {
  const { link, service, caller, persons, blind = [], shared = [], unserved } = endpoint
  const title = titleOf(endpoint)
  const own = (): Promise<string> => keys.token(caller, { audience: service, link })

  test(`${title}: the caller of the link gets in, with a token of that link for that service`, async () => {
    const { server, delivered } = await instance(service, everyLink)
    assert.deepEqual(await ask(server, endpoint, await own()), [200, undefined])
    assert.deepEqual(delivered, endpoint.method === 'POST' ? [{ kind: 'service', service: caller, link }] : [])
  })

  test(`${title}: nobody gets in by a token of another link, service, audience or signer, or without one`, async () => {
    const { server, delivered } = await instance(service, everyLink)
    const allowed = new Set([link, ...shared].flatMap(id => table.filter(one => one.link === id).map(one => `${one.caller} ${id}`)))
    for (const issuer of services) {
      for (const id of [...links.map(one => one.id), 'COMM-999', '', `${link},COMM-999`]) {
        if (allowed.has(`${issuer} ${id}`)) continue
        assert.deepEqual(
          await ask(server, endpoint, await keys.token(issuer, { audience: service, link: id })),
          [403, 'forbidden'],
          `${issuer} over ${id}`,
        )
      }
      assert.deepEqual(
        await ask(server, endpoint, await keys.token(issuer, { audience: service })),
        [403, 'forbidden'],
        `${issuer} over nothing`,
      )
    }
    for (const audience of services.filter(one => one !== service))
      assert.deepEqual(await ask(server, endpoint, await keys.token(caller, { audience, link })), [401, 'token_invalid'], `for ${audience}`)
    assert.deepEqual(await ask(server, endpoint, await keys.token('stranger', { audience: service, link })), [401, 'token_invalid'])
    assert.deepEqual(await ask(server, endpoint, `${(await own()).slice(0, -8)}AAAAAAAA`), [401, 'token_invalid'])
    assert.deepEqual(await ask(server, endpoint, null), [401, 'token_missing'])
    assert.deepEqual(delivered, [])
  })

  test(`${title}: of people only ${persons.join(', ') || 'nobody'} gets in, also with the link in their token`, async () => {
    const { server, delivered } = await instance(service, everyLink)
    for (const role of roles) {
      const [status] = await ask(server, endpoint, await keys.token('people', { audience: service, link, subject: 'p-1', role }))
      assert.equal(status, persons.includes(role) ? 200 : blind.includes(role) ? 404 : 403, role)
    }
    assert.deepEqual(await ask(server, endpoint, await keys.token('people', { audience: service, link, subject: 'p-1', role: 'root' })), [
      401,
      'token_invalid',
    ])
    assert.deepEqual(delivered, [])
  })

  test(`${title}: while no link is served there its caller is told ${unserved}, and people still get in`, async () => {
    const { server, delivered } = await instance(service, () => false)
    const status = { link_retired: 410, method_not_allowed: 405, not_found: 404 }[unserved]
    assert.deepEqual(await ask(server, endpoint, await own()), [status, unserved])
    for (const role of persons)
      assert.equal((await ask(server, endpoint, await keys.token('people', { audience: service, subject: 'p-1', role })))[0], 200, role)
    assert.deepEqual(delivered, [])
  })

  for (const other of shared) {
    test(`${title}: while only ${other} is served there its caller is told 410, and that of ${other} gets in`, async () => {
      const { server } = await instance(service, id => id === other)
      assert.deepEqual(await ask(server, endpoint, await own()), [410, 'link_retired'])
      const sharing = table.find(one => one.link === other) ?? assert.fail(other)
      assert.deepEqual(await ask(server, sharing, await keys.token(sharing.caller, { audience: service, link: other })), [200, undefined])
    })
  }
}
