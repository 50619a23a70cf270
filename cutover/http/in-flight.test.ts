import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { RouteDefinition } from './route.ts'
import { aServer, connect } from './testing.ts'

const slow = (handle: RouteDefinition['handle']): RouteDefinition => ({
  method: 'POST',
  path: '/slow',
  operationId: 'slow',
  summary: 'takes its time',
  policy: 'public',
  body: { type: 'object' },
  handle,
})
const requestOf = (body: string): string =>
  `POST /slow HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n${body}`

test('connections that never sent anything, or only half a head, do not hold up a stop', async () => {
  const server = await aServer([])
  await server.start()
  const [silent, half] = [connect(server.url), connect(server.url)]
  for (const socket of [silent, half]) socket.on('error', () => {})
  await Promise.all([once(silent, 'connect'), once(half, 'connect')])
  half.write('GET /livez HTT')
  // Answered on a third connection, which came later: the server knows of the first two.
  assert.equal((await fetch(`${server.url}/livez`)).status, 200)
  const closed = [once(silent, 'close'), once(half, 'close')]
  await server.stop()
  await Promise.all(closed)
})

test('a body that never arrives, and a handler that never ends, hold up a stop for its grace only', async () => {
  const [begun, aborted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const handle: RouteDefinition['handle'] = ({ signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    begun.resolve()
    return new Promise(() => {})
  }
  const server = await aServer([slow(handle)], { stopGraceMs: 50 })
  await server.start()
  const [endless, unsent] = [connect(server.url), connect(server.url)]
  for (const socket of [endless, unsent]) socket.on('error', () => {})
  unsent.write(requestOf(''))
  endless.write(requestOf('{}'))
  await begun.promise
  await server.stop()
  await aborted.promise
})

test('a stop may be asked for twice, and before the start', async () => {
  const server = await aServer([])
  await server.start()
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  const never = await aServer([])
  await never.stop()
})
