import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Problem } from 'cutover/failure'
import { openDirectory } from './directory.ts'

/** An instance that answers all calls alike. */
async function anInstance(context: TestContext, status: number, body: object): Promise<string> {
  const server = createServer((_, answer) => answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function aDirectory(context: TestContext, instances: readonly string[]) {
  const directory = openDirectory({ hiring: instances }, { token: async () => 'any' })
  context.after(() => directory.close())
  return directory
}

const call = { method: 'GET', path: '/operator/new', deadlineMs: 2_000 } as const
const unknown = { code: 'not_found', detail: 'there is nothing at this path' }

test('a question that an older build does not know is put to the other instances, whoever is asked first', async context => {
  const [older, newer] = [await anInstance(context, 404, unknown), await anInstance(context, 200, { here: true })]
  const directory = aDirectory(context, [older, newer])
  for (const _ of [1, 2, 3]) assert.deepEqual(await directory.ask('hiring', call), { here: true })
})

test('what no instance knows, and what one of them refuses, is told as it is', async context => {
  const older = await anInstance(context, 404, unknown)
  const refused = (code: string) => (error: unknown) => error instanceof Problem && error.extensions['service_code'] === code
  await assert.rejects(aDirectory(context, [older, older]).ask('hiring', call), refused('not_found'))
  const gone = 'http://127.0.0.1:1'
  await assert.rejects(aDirectory(context, [older, gone]).ask('hiring', call), { code: 'service_away' })
  const busy = await anInstance(context, 409, { code: 'term_stale', detail: 'another engine acts' })
  await assert.rejects(aDirectory(context, [older, busy]).ask('hiring', call), refused('term_stale'))
})
