import assert from 'node:assert/strict'
import { test } from 'node:test'
import { otherLink, wordLink } from '../../tests/copying.ts'
import type { RouteDefinition } from '../http/server.ts'
import { aServer } from '../http/testing.ts'
import type { Caller } from '../http/tokens.ts'
import { servedRoutes } from './serving.ts'

const links = [wordLink, otherLink]
const callers = links.map(({ id, to }) => ({ from: to, link: id }))
const route: RouteDefinition = {
  method: 'GET',
  path: '/words',
  operationId: 'words',
  summary: '',
  policy: { links: callers },
  link: 'L-2,L-3',
  handle: async () => ({ body: { words: [] } }),
}
const forPersons: RouteDefinition = { ...route, policy: { links: callers, persons: ['admin'] } }
const over = (link: string): Caller => ({ kind: 'service', service: link === 'L-2' ? 'adding' : 'reading', link })
const admin: Caller = { kind: 'person', subject: 'a', role: 'admin' }

/** What a caller gets of the route from an instance that serves these links. */
async function answer(one: RouteDefinition, serves: readonly string[], caller: Caller): Promise<[number, unknown]> {
  const server = await aServer(
    servedRoutes([one], links, 'counting', link => serves.includes(link)),
    {
      verifier: { verify: async () => caller },
    },
  )
  const reply = await server.inject({ method: 'GET', url: '/words', headers: { authorization: 'Bearer any' } })
  return [reply.statusCode, reply.json<{ code?: unknown }>().code]
}

test('a link that is not served is told that it is gone, and the other one goes on', async () => {
  assert.deepEqual(await answer(route, ['L-3'], over('L-2')), [410, 'link_retired'])
  assert.deepEqual(await answer(route, ['L-3'], over('L-3')), [200, undefined])
  assert.deepEqual(await answer(route, ['L-2', 'L-3'], over('L-2')), [200, undefined])
})

test('a path that served links only does not exist when none of them is served', async () => {
  assert.deepEqual(await answer(route, [], over('L-2')), [404, 'not_found'])
})

test('persons still get in where no link is served any more, and the links are told', async () => {
  assert.deepEqual(await answer(forPersons, [], admin), [200, undefined])
  assert.deepEqual(await answer(forPersons, [], over('L-2')), [410, 'link_retired'])
})

test('who may not call the path may not with any link served, nor with none', async () => {
  for (const serves of [[], ['L-2', 'L-3']]) {
    for (const caller of [over('L-9'), { ...over('L-3'), service: 'adding' } as Caller, { ...admin, role: 'candidate' } as Caller])
      assert.equal((await answer(forPersons, serves, caller))[0], 403)
  }
})

test('a route that no link of this owner comes by stays as it is', () => {
  const others: RouteDefinition[] = [
    { ...route, link: 'L-9' },
    { ...route, policy: 'operator' },
    { ...route, policy: { services: ['adding'] } },
  ]
  assert.deepEqual(
    servedRoutes(others, links, 'counting', () => false),
    others,
  )
})
