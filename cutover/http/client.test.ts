import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type HttpClient, openClient, Unreachable, type UnreachableReason } from './client.ts'

/** A peer that answers as `listener` says, until the test is over. */
async function aPeer(context: TestContext, listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

/** An address that nobody listens on any more. */
async function nobody(): Promise<string> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

const aClient = (context: TestContext, baseUrls: readonly string[], token = ''): HttpClient => {
  const client = openClient({ baseUrls, token: async () => token, deadlineMs: 5_000, connectionsMax: 4 })
  context.after(() => client.close())
  return client
}
const unreachable = (sent: boolean, why: RegExp, reason?: UnreachableReason) => (error: unknown) =>
  error instanceof Unreachable && error.sent === sent && why.test(error.message) && (reason === undefined || error.reason === reason)

test('instances take turns', async context => {
  const hits: string[] = []
  const peers = [
    await aPeer(context, (_, answer) => (hits.push('a'), answer.end())),
    await aPeer(context, (_, answer) => (hits.push('b'), answer.end())),
  ]
  const client = aClient(
    context,
    peers.map(peer => peer.url),
  )
  for (const _ of [1, 2, 3, 4]) await client.request({ method: 'GET', path: '/' })
  assert.deepEqual(hits, ['a', 'b', 'a', 'b'])
})

test('a refused connection tries the next instance', async context => {
  const peer = await aPeer(context, (_, answer) => answer.end('here'))
  const client = aClient(context, [await nobody(), peer.url])
  for (const _ of [1, 2]) assert.equal((await client.request({ method: 'POST', path: '/', body: '{}' })).body, 'here')
})

test('an instance that is starting or stopping is as one that refused: the next is tried, and if there is none, nothing was sent', async context => {
  const starting = await aPeer(context, (_, answer) => answer.writeHead(503, { 'cutover-not-served': 'starting' }).end())
  const busy = await aPeer(context, (_, answer) => answer.writeHead(503).end('busy'))
  const client = aClient(context, [starting.url, busy.url])
  for (const _ of [1, 2]) assert.equal((await client.request({ method: 'POST', path: '/', body: '{}' })).body, 'busy')
  const alone = aClient(context, [starting.url])
  await assert.rejects(alone.request({ method: 'POST', path: '/', body: '{}' }), unreachable(false, /this instance is starting/, 'refused'))
})

test('when all refuse, nothing was sent', async context => {
  const client = aClient(context, [await nobody(), await nobody()])
  await assert.rejects(client.request({ method: 'GET', path: '/' }), unreachable(false, /ECONNREFUSED/, 'refused'))
  await assert.rejects(aClient(context, []).request({ method: 'GET', path: '/' }), unreachable(false, /no address/))
})

test('no answer within the deadline may have arrived all the same, and is not tried elsewhere', async context => {
  let elsewhere = 0
  const silent = await aPeer(context, () => {})
  const other = await aPeer(context, (_, answer) => (elsewhere++, answer.end()))
  const client = aClient(context, [silent.url, other.url])
  await assert.rejects(
    client.request({ method: 'POST', path: '/', body: '{}', deadlineMs: 50 }),
    unreachable(true, /within 50 ms/, 'timeout'),
  )
  assert.equal(elsewhere, 0)
})

test('a connection that breaks after the request may have delivered it', async context => {
  const breaking = await aPeer(context, request => request.socket.destroy())
  await assert.rejects(aClient(context, [breaking.url]).request({ method: 'POST', path: '/', body: '{}' }), unreachable(true, /./, 'reset'))
})

test('a call that was given up before it began was not sent', async context => {
  let hits = 0
  const peer = await aPeer(context, (_, answer) => (hits++, answer.end()))
  const call = { method: 'GET', path: '/', signal: AbortSignal.abort() }
  await assert.rejects(aClient(context, [peer.url]).request(call), unreachable(false, /./, 'aborted'))
  assert.equal(hits, 0)
})

test('refusals of the other side are answers; the token is sent, and a reply beyond a MiB is not read', async context => {
  const peer = await aPeer(context, (request, answer) => {
    answer.statusCode = request.headers.authorization === 'Bearer t' ? 503 : 401
    answer.end(request.url === '/large' ? 'x'.repeat(1024 * 1024 + 1) : 'busy')
  })
  const client = aClient(context, [peer.url], 't')
  const { status, body } = await client.request({ method: 'GET', path: '/' })
  assert.deepEqual([status, body], [503, 'busy'])
  await assert.rejects(client.request({ method: 'GET', path: '/large' }), unreachable(true, /./, 'too_large'))
})

test('an answer that stops half-way is a timeout, and one of exactly a MiB is read', async context => {
  const peer = await aPeer(context, (request, answer) => {
    if (request.url === '/half') answer.write('half')
    else answer.end('x'.repeat(1024 * 1024))
  })
  const client = aClient(context, [peer.url])
  await assert.rejects(client.request({ method: 'GET', path: '/half', deadlineMs: 50 }), unreachable(true, /within 50 ms/, 'timeout'))
  assert.equal((await client.request({ method: 'GET', path: '/full' })).body.length, 1024 * 1024)
})

test('the caller’s own signal ends a call that is under way', async context => {
  const abort = new AbortController()
  const peer = await aPeer(context, () => abort.abort())
  const call = { method: 'GET', path: '/', signal: abort.signal }
  await assert.rejects(aClient(context, [peer.url]).request(call), unreachable(true, /./, 'aborted'))
})

test('a redirect is an answer, and not followed', async context => {
  let hits = 0
  const peer = await aPeer(context, (_, answer) => (hits++, answer.writeHead(302, { location: '/elsewhere' }).end()))
  const { status, headers } = await aClient(context, [peer.url]).request({ method: 'GET', path: '/' })
  assert.deepEqual([status, headers['location'], hits], [302, '/elsewhere', 1])
})

test('what answers but does not speak HTTP may have got the request', async context => {
  const peer = await aPeer(context, request => void request.socket.end('SSH-2.0-OpenSSH_9.9\r\n'))
  await assert.rejects(aClient(context, [peer.url]).request({ method: 'GET', path: '/' }), unreachable(true, /./))
})

test('closing ends calls that are under way, and refuses new ones unsent', async context => {
  const arrived = Promise.withResolvers<void>()
  const peer = await aPeer(context, () => arrived.resolve())
  const client = aClient(context, [peer.url])
  const ended = assert.rejects(client.request({ method: 'GET', path: '/' }), Unreachable)
  await arrived.promise
  await client.close()
  await ended
  await assert.rejects(client.request({ method: 'GET', path: '/' }), unreachable(false, /./, 'closed'))
})

test('an instance that stands still swallows one call and then rests: the others are asked, until its rest is over', async context => {
  const hits: string[] = []
  let awake = false
  const peers = [
    await aPeer(context, (_, answer) => (hits.push('still'), awake && answer.end())),
    await aPeer(context, (_, answer) => (hits.push('quick'), answer.end())),
  ]
  const client = aClient(
    context,
    peers.map(peer => peer.url),
  )
  const call = { method: 'GET', path: '/', deadlineMs: 300 }
  await assert.rejects(client.request(call), unreachable(true, /no answer within 300 ms/, 'timeout'))
  const before = hits.splice(0)
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  for (let n = 0; n < 10; n++) await client.request({ method: 'GET', path: '/' })
  assert.deepEqual([before, new Set(hits.splice(0))], [['still'], new Set(['quick'])])
  context.mock.timers.tick(500)
  awake = true
  for (let n = 0; n < 6; n++) await client.request({ method: 'GET', path: '/' })
  assert.deepEqual(hits.toSorted(), ['quick', 'quick', 'quick', 'still', 'still', 'still'])
})

test('when the rest is over a single call finds out; the others do not wait for it', async context => {
  const hits: string[] = []
  const peers = [
    await aPeer(context, () => void hits.push('still')),
    await aPeer(context, (_, answer) => (hits.push('quick'), answer.end())),
  ]
  const client = aClient(
    context,
    peers.map(peer => peer.url),
  )
  const call = { method: 'GET', path: '/', deadlineMs: 300 }
  await assert.rejects(client.request(call), Unreachable)
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  context.mock.timers.tick(500)
  hits.length = 0
  const all = await Promise.allSettled(Array.from({ length: 7 }, () => client.request(call)))
  assert.equal(all.filter(one => one.status === 'rejected').length, 1)
  assert.deepEqual(hits.toSorted(), [...Array.from({ length: 6 }, () => 'quick'), 'still'])
})
