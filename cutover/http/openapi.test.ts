import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openApi } from './openapi.ts'
import type { RouteDefinition } from './route.ts'
import { aServer } from './testing.ts'

type Operation = Readonly<Record<string, unknown>> & {
  operationId: string
  responses: Record<string, { content?: Record<string, unknown> }>
  parameters?: { name: string; in: string; required: boolean }[]
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const id = { type: 'string', maxLength: 64 }
const handle = async (): Promise<object> => ({})
const routes: readonly RouteDefinition[] = [
  {
    method: 'POST',
    path: '/credits',
    operationId: 'credit',
    summary: 'books a credit',
    policy: { links: [{ from: 'hiring', link: 'COMM-040' }] },
    link: 'COMM-040',
    tags: ['links'],
    body: { type: 'object', properties: { payload: { type: 'object', properties: { id } } } },
    responses: { 200: { type: 'object' }, 202: { type: 'object' } },
    handle,
  },
  {
    method: 'GET',
    path: '/accounts/{id}/bookings/{number}',
    operationId: 'booking',
    summary: 'a booking',
    policy: { persons: ['manager'] },
    params: { type: 'object', properties: { id, number: id } },
    query: { type: 'object', required: ['from'], properties: { from: id, limit: id } },
    handle,
  },
  { method: 'DELETE', path: '/things/{id}', operationId: 'remove', summary: 'x', policy: 'operator', responses: { 204: {} }, handle },
  { method: 'GET', path: '/motd', operationId: 'motd', summary: 'x', policy: 'public', handle },
]
const document = openApi('bonuses', routes) as Document
const operation = (path: string, method: string): Operation => {
  const found = document.paths[path]?.[method]
  assert.ok(found, `${method} ${path}`)
  return found
}

test('every route is in the document once, with its id, who may call, and problems as answers', () => {
  assert.equal(document.openapi, '3.1.0')
  assert.equal(Object.values(document.paths).flatMap(Object.keys).length, routes.length)
  for (const route of routes) {
    const one = operation(route.path, route.method.toLowerCase())
    assert.equal(one.operationId, route.operationId)
    assert.deepEqual(one['security'], route.policy === 'public' ? [] : [{ token: [] }])
    assert.deepEqual(one['x-cutover-policy'], route.policy)
    for (const kind of ['4XX', '5XX']) assert.deepEqual(Object.keys(one.responses[kind]?.content ?? {}), ['application/problem+json'])
  }
})

test('a link’s endpoint names its link', () => {
  assert.equal(operation('/credits', 'post')['x-cutover-link'], 'COMM-040')
  assert.equal('x-cutover-link' in operation('/motd', 'get'), false)
})

test('every parameter of a path is in the document, also where the route says nothing of it', () => {
  const named = (one: Operation): string[] => (one.parameters ?? []).map(({ name, in: place, required }) => `${place} ${name} ${required}`)
  assert.deepEqual(named(operation('/accounts/{id}/bookings/{number}', 'get')), [
    'path id true',
    'path number true',
    'query from true',
    'query limit false',
  ])
  assert.deepEqual(named(operation('/things/{id}', 'delete')), ['path id true'])
})

test('a body is described as it is checked: closed', () => {
  const { requestBody } = operation('/credits', 'post') as unknown as {
    requestBody: { content: Record<string, { schema: { additionalProperties: unknown; properties: { payload: object } } }> }
  }
  const schema = requestBody.content['application/json']?.schema
  assert.ok(schema)
  assert.equal(schema.additionalProperties, false)
  assert.equal((schema.properties.payload as { additionalProperties: unknown }).additionalProperties, false)
})

test('an answer without a body has no content', () => {
  assert.equal(operation('/things/{id}', 'delete').responses['204']?.content, undefined)
})

test('every reference leads somewhere in the document', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(match => match[1] ?? '')
  assert.ok(references.length > 0)
  for (const reference of references) {
    const target = reference.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document)
    assert.ok(target, reference)
  }
})

test('two operations with one id do not start, and neither does a policy that names nobody', async () => {
  const [first, second] = routes
  assert.ok(first && second)
  await assert.rejects(aServer([first, { ...second, operationId: 'credit' }]), /GET \/accounts.* repeats the operationId credit/)
  for (const policy of [{}, { persons: [] }, 'Public', null]) {
    await assert.rejects(aServer([{ ...first, policy: policy as never }]), /POST \/credits has no policy/)
  }
})

test('where a route takes neither query nor body, both are refused when they come', async () => {
  const server = await aServer([
    {
      method: 'POST',
      path: '/verify',
      operationId: 'verify',
      summary: 'x',
      policy: 'public',
      handle: async () => ({ body: { done: true } }),
    },
  ])
  const post = async (url: string, payload?: string): Promise<number> =>
    (
      await server.inject({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        ...(payload === undefined ? {} : { payload }),
      })
    ).statusCode
  assert.deepEqual(
    [
      await post('/verify'),
      await post('/verify', '{}'),
      await post('/verify?force=1'),
      await post('/verify', '{"force":true}'),
      await post('/verify', '[1]'),
    ],
    [200, 200, 400, 400, 400],
  )
})
