import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openServer, type RouteDefinition, type Server } from '../cutover/http/server.ts'
import { openDatabase } from '../cutover/database/database.ts'
import { openLog } from '../cutover/process/log.ts'
import { openEngine } from '../engine/engine.ts'
import { openDirectory } from '../engine/services/directory.ts'
import { controlRoutes } from '../sandbox/supervisor/control.ts'
import { trafficRoutes } from '../school/traffic/http.ts'
import { freshDatabase } from './database.ts'
import { openSchool, type School } from './bad-inputs/school.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const nothing = {} as never
let school: School
const servers = new Map<string, Server>()
const close: (() => Promise<void>)[] = []

/** Servers for routes that are only looked at. */
const shown = (service: string, routes: readonly RouteDefinition[]): Promise<Server> =>
  openServer({ service, port: 0, routes, verifier: null, log, ready: async () => ({}) })

before(async () => {
  school = await openSchool()
  close.push(() => school.close())
  for (const [name, { server }] of Object.entries(school.services)) servers.set(name, server)
  const database = openDatabase({ url: (await freshDatabase()).url, name: 'test', connectionsMax: 1, onIdleError: () => undefined })
  close.push(() => database.close())
  const engine = await openEngine(
    { links: [], events: [], planFor: () => undefined, expectations: [], ledger: null },
    {
      database,
      directory: openDirectory({}, { token: async () => '' }),
      deployer: null,
      name: 'test',
      port: 0,
      operatorToken: 'operator',
      approverToken: 'approver',
      approvals: true,
      consoleFolder: null,
      log,
    },
  )
  servers.set('engine', engine.server)
  servers.set('supervisor', await shown('supervisor', controlRoutes(nothing, 'operator')))
  servers.set('traffic', await shown('traffic', trafficRoutes(nothing)))
})
after(async () => {
  for (const one of close.toReversed()) await one()
})

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly 'x-cutover-repeats'?: string
  readonly 'x-cutover-link'?: string
  readonly 'x-cutover-policy': unknown
}

/** Every operation that writes, of every server, by what the running server says of itself. */
async function writing(): Promise<(readonly [name: string, operation: Operation])[]> {
  const all: (readonly [string, Operation])[] = []
  for (const [service, server] of servers) {
    const { paths } = (await server.inject('/openapi.json')).json<{ paths: Record<string, Record<string, Operation>> }>()
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods))
        if (method !== 'get') all.push([`${service}: ${method.toUpperCase()} ${path}`, operation])
    }
  }
  return all
}

const keyOf = (operation: Operation) => operation.parameters?.find(one => one.in === 'header' && one.name === 'Idempotency-Key')

test('every writing endpoint of every process takes an Idempotency-Key, or says why it needs none', async () => {
  const all = await writing()
  assert.ok(all.length > 30, `${all.length} operations were found`)
  assert.deepEqual(
    all
      .filter(([, operation]) => keyOf(operation) === undefined && (operation['x-cutover-repeats'] ?? '').length < 10)
      .map(([name]) => name),
    [],
  )
})

test('deliveries over links cannot do without a key, and whatever a person writes takes one', async () => {
  const all = await writing()
  const isDelivery = (operation: Operation): boolean => operation['x-cutover-link'] !== undefined
  const isPersons = ({ 'x-cutover-policy': policy }: Operation): boolean =>
    typeof policy === 'object' && policy !== null && 'persons' in policy
  const deliveries = all.filter(([, operation]) => isDelivery(operation))
  const persons = all.filter(([, operation]) => isPersons(operation))
  assert.deepEqual([deliveries.length, persons.length > 8], [3, true], 'too few were found to prove anything')
  assert.deepEqual(
    deliveries.filter(([, operation]) => keyOf(operation)?.required !== true).map(([name]) => name),
    [],
  )
  assert.deepEqual(
    persons.filter(([, operation]) => keyOf(operation) === undefined).map(([name]) => name),
    [],
  )
})

test('the control: an endpoint that says neither is found', async () => {
  const silent: RouteDefinition = {
    method: 'POST',
    path: '/silent',
    operationId: 'silent',
    summary: 'says nothing about repeats',
    policy: 'public',
    handle: async () => ({}),
  }
  const { paths } = (await (await shown('test', [silent])).inject('/openapi.json')).json<{ paths: { '/silent': { post: Operation } } }>()
  const operation = paths['/silent'].post
  assert.deepEqual([keyOf(operation), operation['x-cutover-repeats']], [undefined, undefined])
})
