import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import type { Policy, RouteDefinition } from './route.ts'
import { tokenDigest } from './server.ts'
import { answerOn, aServer, connect, issuers } from './testing.ts'
import type { Claims } from './tokens.ts'

const route = (path: string, policy: Policy, more: Partial<RouteDefinition> = {}): RouteDefinition => ({
  method: 'GET',
  path,
  operationId: path.slice(1),
  summary: path,
  policy,
  handle: async ({ caller }) => ({ body: { caller } }),
  ...more,
})

test('who may call is decided by policy: 401 without a valid token, 403 with one that is not enough', async () => {
  const { signers, verifier } = await issuers()
  const server = await aServer(
    [
      route('/open', 'public'),
      route('/credits', { links: [{ from: 'hiring', link: 'COMM-040' }] }),
      route('/tasks', { persons: ['manager'] }),
      route('/both', { persons: ['manager'], links: [{ from: 'hiring', link: 'COMM-040' }] }),
      route('/internal', { services: ['hiring'] }),
      route('/operator', 'operator'),
      route('/reading', { officers: ['operator', 'approver'] }),
    ],
    { verifier, operatorTokenDigest: tokenDigest('opaque-operator-token'), approverTokenDigest: tokenDigest('opaque-approver-token') },
  )
  const by = async (issuer: string, claims: Partial<Claims> = {}): Promise<string> =>
    (await signers.get(issuer)?.token({ audience: 'bonuses', ...claims })) ?? ''
  const hiring = await by('hiring', { link: 'COMM-040' })
  const manager = await by('people', { subject: 'm1', role: 'manager' })
  const engine = await by('engine')
  const operator = 'opaque-operator-token'
  const cases: readonly (readonly [string, string, string | null, number])[] = [
    ['nobody', '/open', null, 200],
    ['nobody', '/credits', null, 401],
    ['a word', '/credits', 'x', 401],
    ['the service over its link', '/credits', hiring, 200],
    ['the service over another link', '/credits', await by('hiring', { link: 'COMM-050' }), 403],
    ['the service over no link', '/credits', await by('hiring'), 403],
    ['another service with the link', '/credits', await by('management', { link: 'COMM-040' }), 403],
    ['a stranger with the link', '/credits', await by('stranger', { link: 'COMM-040' }), 401],
    ['a token for another audience', '/credits', await by('hiring', { audience: 'management', link: 'COMM-040' }), 401],
    ['people with a link', '/credits', await by('people', { link: 'COMM-040' }), 401],
    ['a manager with a link', '/credits', await by('people', { subject: 'm1', role: 'manager', link: 'COMM-040' }), 403],
    ['the engine', '/credits', engine, 403],
    ['the operator', '/credits', operator, 403],
    ['a manager', '/tasks', manager, 200],
    ['a candidate', '/tasks', await by('people', { subject: 'c1', role: 'candidate' }), 403],
    ['a service that says it is a manager', '/tasks', await by('hiring', { subject: 'm1', role: 'manager' }), 403],
    ['the operator', '/tasks', operator, 403],
    ['a manager', '/both', manager, 200],
    ['the service over its link', '/both', hiring, 200],
    ['the service over another link', '/both', await by('hiring', { link: 'COMM-050' }), 403],
    ['the service', '/internal', hiring, 200],
    ['another service', '/internal', await by('management'), 403],
    ['a person', '/internal', manager, 403],
    ['the operator', '/operator', operator, 200],
    ['the engine', '/operator', engine, 200],
    ['the approver', '/operator', 'opaque-approver-token', 403],
    ['the approver', '/reading', 'opaque-approver-token', 200],
    ['the approver', '/tasks', 'opaque-approver-token', 403],
    ['the operator', '/reading', operator, 200],
    ['the engine', '/reading', engine, 403],
    ['a service', '/operator', hiring, 403],
    ['a person who is an operator', '/operator', await by('people', { subject: 'o1', role: 'operator' }), 403],
  ]
  for (const [who, url, token, status] of cases) {
    const answer = await server.inject({ url, ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }) })
    assert.equal(answer.statusCode, status, `${who} on ${url}: ${answer.body}`)
    assert.equal(answer.headers['www-authenticate'], status === 401 ? 'Bearer' : undefined)
  }
})

test('whoever may not call is told so before the body is judged', async () => {
  const server = await aServer([route('/things', 'operator', { method: 'POST', body: { type: 'object' } })])
  const answer = await server.inject({ method: 'POST', url: '/things', headers: { 'content-type': 'application/json' }, payload: '{' })
  assert.equal(answer.statusCode, 401)
})

test('a route without a policy does not start', async () => {
  const { policy: _none, ...open } = route('/things', 'public')
  await assert.rejects(aServer([open as RouteDefinition]), /GET \/things has no policy/)
})

test('/openapi.json is OpenAPI 3.1.0 and has every operation', async () => {
  const server = await aServer([
    route('/things/{id}', 'public', { operationId: 'thing' }),
    route('/things', 'operator', { method: 'POST', operationId: 'add' }),
  ])
  const document = (await server.inject('/openapi.json')).json<{
    openapi: string
    paths: Record<string, Record<string, { operationId: string }>>
  }>()
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(document.paths['/things/{id}']?.['get']?.operationId, 'thing')
  assert.deepEqual(document.paths['/things']?.['post']?.operationId, 'add')
})

test('a service whose database is away lives, and is not ready', async () => {
  const server = await aServer([], { ready: async () => ({ database: 'refuses connections' }) })
  assert.equal((await server.inject('/livez')).statusCode, 200)
  const ready = await server.inject('/readyz')
  assert.deepEqual([ready.statusCode, ready.json()], [503, { checks: { database: 'refuses connections' } }])
})

test('a failure inside is told by its trace id only, which is the caller’s own', async () => {
  const server = await aServer([route('/broken', 'public', { handle: () => Promise.reject(new Error('password=hunter2')) })])
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const answer = await server.inject({ url: '/broken', headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } })
  assert.equal(answer.statusCode, 500)
  assert.ok(!answer.body.includes('hunter2'))
  assert.deepEqual([answer.json<{ code: string }>().code, answer.json<{ trace_id: string }>().trace_id], ['internal', trace])
})

test('the signal of a request aborts when its caller is gone', async () => {
  const [begun, aborted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const handle: RouteDefinition['handle'] = async ({ signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    begun.resolve()
    await aborted.promise
    return {}
  }
  const server = await aServer([route('/slow', 'public', { method: 'POST', handle, body: { type: 'object' } })])
  await server.start()
  const socket = connect(server.url)
  socket.write('POST /slow HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
  await begun.promise
  socket.destroy()
  await aborted.promise
  await server.stop()
})

test('while it stops, what has begun is finished, the rest is sent elsewhere, and idle connections do not hold it up', async () => {
  const [begun, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const handle: RouteDefinition['handle'] = async () => {
    begun.resolve()
    await release.promise
    return { body: { done: true } }
  }
  const server = await aServer([route('/slow', 'public', { handle }), route('/fast', 'public')])
  await server.start()
  const [slow, probe, late, idle] = [connect(server.url), connect(server.url), connect(server.url), connect(server.url)]
  idle.write('GET /fast HTTP/1.1\r\nhost: x\r\n\r\n')
  assert.equal((await answerOn(idle)).status, 200)
  // Half a request each, so that these connections are not idle when the server stops.
  probe.write('GET /readyz HTTP/1.1\r\n')
  late.write('GET /fast HTTP/1.1\r\n')
  slow.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
  await begun.promise

  const stopped = server.stop()
  const idleClosed = once(idle, 'close')
  probe.write('host: x\r\n\r\n')
  late.write('host: x\r\n\r\n')
  const [ready, refused] = [await answerOn(probe), await answerOn(late)]
  assert.deepEqual([ready.status, JSON.parse(ready.text)], [503, { checks: { process: 'stopping' } }])
  assert.equal(refused.status, 503)
  assert.match(refused.text, /"code":"unavailable".*"retryable":true/)
  release.resolve()
  const finished = await answerOn(slow)
  assert.equal(finished.status, 200)
  assert.match(finished.head, /connection: close/i)
  await Promise.all([stopped, idleClosed])
})

test('while it starts, probes are answered and everybody else is sent elsewhere; then all are served', async () => {
  let database = 'not there yet'
  const server = await aServer([route('/fast', 'public')], { ready: async () => ({ database, broker: { degraded: 'away' } }) })
  await server.listen()
  const ask = async (path: string): Promise<[number, Record<string, unknown>]> => {
    const answer = await fetch(`${server.url}${path}`)
    return [answer.status, (await answer.json()) as Record<string, unknown>]
  }
  assert.deepEqual(await ask('/livez'), [200, { live: true }])
  const starting = { checks: { process: 'starting', database: 'not there yet', broker: 'degraded: away' } }
  assert.deepEqual(await ask('/readyz'), [503, starting])
  const [, verbose] = await ask('/startupz?verbose')
  assert.deepEqual(
    [verbose['checks'], verbose['phase'], typeof verbose['took_ms'], typeof verbose['up_s']],
    [starting.checks, 'starting', 'number', 'number'],
  )
  const [status, problem] = await ask('/fast')
  assert.deepEqual([status, problem['code'], problem['retryable']], [503, 'unavailable', true])
  // A path that is not there may be there in a moment: nobody is told yet that it does not exist.
  const early = await fetch(`${server.url}/not-there`)
  assert.deepEqual([early.status, early.headers.get('cutover-not-served')], [503, 'starting'])

  database = 'ok'
  assert.equal((await ask('/readyz'))[0], 503)
  await server.start()
  // What is degraded is told, and takes nobody out of traffic.
  assert.deepEqual(await ask('/readyz'), [200, { checks: { database: 'ok', broker: 'degraded: away' } }])
  assert.deepEqual(await ask('/startupz'), [200, { checks: { process: 'ok' } }])
  assert.equal((await ask('/fast'))[0], 200)
  database = 'away (ECONNREFUSED)'
  assert.deepEqual(await ask('/readyz'), [503, { checks: { database, broker: 'degraded: away' } }])
  assert.equal((await ask('/startupz'))[0], 200)
  await server.stop()
})

test('requests are counted by operation and class of status, never by what was asked for', async () => {
  const metrics = new Registry()
  const server = await aServer([route('/things/{id}', 'public')], { metrics })
  for (const path of ['/things/ada', '/things/boris', '/nowhere/ada', '/things/ada?x=1']) await server.inject(path)
  const { values } = (await metrics.getMetricsAsJSON()).find(({ name }) => name === 'cutover_request_seconds') ?? { values: [] }
  const counts = values.filter(one => (one as { metricName?: string }).metricName === 'cutover_request_seconds_count')
  assert.deepEqual(
    counts.map(({ labels, value }) => [labels['route'], labels['outcome'], value]),
    [
      ['GET /things/{id}', '2xx', 2],
      ['none', '4xx', 1],
      ['GET /things/{id}', '4xx', 1],
    ],
  )
  assert.ok(!(await server.inject('/metrics')).body.includes('ada'))
})
