import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { LinkContract } from 'cutover/contract'
import { type Database, openDatabase } from 'cutover/database'
import { Problem } from 'cutover/failure'
import { type RouteDefinition, type Server, openServer, tokenDigest } from 'cutover/http/server'
import { openLog } from 'cutover/process/log'
import { freshDatabase, type TestDatabase } from '../tests/database.ts'
import { planFor } from '../tests/running.ts'
import type { HistoryAnswer, LinkRow, SwitchAnswer, VerifyReport } from './api/contract.ts'
import { openEngine } from './engine.ts'
import { openDirectory } from './services/directory.ts'

const log = openLog({ service: 'engine', instance: 'test', level: 'silent' })
const link = {
  id: 'COMM-040',
  from: 'hiring',
  to: 'bonuses',
  kind: 'business',
  title: 'Credit',
  event: 'TaskCompleted',
  http: { method: 'POST', path: '/credits' },
  start: 'http',
  order: 'commutes',
} satisfies LinkContract
const fixed = { ...link, id: 'COMM-010', kind: 'data' } satisfies LinkContract

/** A service that is only its operator interface. */
function fakeService(name: string, routes: Readonly<Record<string, (body: never) => unknown>>): Promise<Server> {
  const definitions = Object.entries(routes).map(([words, handle]): RouteDefinition => {
    const [method, path = ''] = words.split(' ')
    return {
      method: method as 'GET',
      path,
      operationId: words,
      summary: words,
      policy: 'operator',
      query: { type: 'object', additionalProperties: true },
      ...(method === 'POST' ? { body: { type: 'object' } } : {}),
      handle: async request => ({ body: handle(request.body as never) }),
    }
  })
  return openServer({
    service: name,
    port: 0,
    routes: definitions,
    verifier: null,
    operatorTokenDigest: tokenDigest('engine'),
    log,
    ready: async () => ({}),
  })
}

describe('the engine', () => {
  const ownCheck = { check: 'pay-outs', counted: 2, open: 1, wrong: 0, samples: [] as string[] }
  const state = { route: 'http', epoch: 1, terms: [] as number[], refuse: false, able: ['bonuses'] }
  const effects = [{ key: 'a', content: { amount: '500' } }]
  let test1: TestDatabase
  let database: Database
  let hiring: Server
  let bonuses: Server
  let engine: Server
  let stop: () => Promise<void>

  before(async () => {
    test1 = await freshDatabase()
    database = openDatabase({ url: test1.url, name: 'engine-test', connectionsMax: 4, onIdleError: () => undefined })
    hiring = await fakeService('hiring', {
      'GET /operator/instances': () => [{ id: 'hiring', capabilities: ['call:COMM-040', 'produce:COMM-040'], build: null }],
      'GET /operator/links': () => [{ link: 'COMM-040', route: state.route, epoch: state.epoch, facts: 4, rate: 1.5 }],
      'POST /operator/switch': ({ route, term }: { route: string; term: number }) => {
        state.terms.push(term)
        if (state.refuse) throw new Problem('switch_busy', { detail: 'the switch is busy' })
        const changed = route !== state.route
        state.route = route
        if (changed) state.epoch++
        return { link: 'COMM-040', route, epoch: state.epoch, changed }
      },
      'GET /operator/audits/{link}/{side}': () => ({ rows: [{ key: 'a', factId: 'f1', content: { right: 'yes' } }], next: null }),
    })
    bonuses = await fakeService('bonuses', {
      'GET /operator/links': () => [{ link: 'COMM-010', route: 'http', epoch: 1, facts: 0, rate: 0.5 }],
      'GET /operator/readings/{link}': () => ({
        answers: 'http',
        compares: false,
        epoch: 1,
        copy: { state: 'absent', rows: 0, quiet_ms: null, touches: [] },
      }),
      'GET /operator/instances': () => state.able.map(id => ({ id, capabilities: ['act:COMM-040', 'serve:COMM-040'], build: null })),
      'GET /operator/audits/{link}/{side}': () => ({ rows: effects, next: null }),
      'POST /operator/audits/{link}/{side}/find': () => ({ rows: effects }),
      'GET /operator/ledger': () => ({ balanced: true, sum: 0 }),
      'GET /operator/checks': () => ({ checks: [ownCheck] }),
    })
    await hiring.start()
    await bonuses.start()
    const directory = openDirectory({ hiring: [hiring.url], bonuses: [bonuses.url] }, { token: async () => 'engine' })
    const expectations = [{ link: 'COMM-040', expected: () => ({ amount: 500 }) }]
    const opened = await openEngine(
      { links: [link, fixed], events: [], planFor, expectations, ledger: 'bonuses', checks: ['bonuses'] },
      {
        database,
        directory,
        deployer: null,
        name: 'test',
        port: 0,
        operatorToken: 'secret',
        approverToken: 'second',
        approvals: true,
        consoleFolder: null,
        log,
      },
    )
    engine = opened.server
    for (const part of opened.parts) await part.start()
    stop = async () => {
      for (const part of opened.parts.toReversed()) await part.stop()
      await hiring.stop()
      await bonuses.stop()
      await test1.drop()
    }
  })
  after(() => stop())

  async function call<Answer>(method: string, path: string, body?: object, token = 'secret'): Promise<{ status: number; body: Answer }> {
    const response = await fetch(`${engine.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Answer }
  }

  test('tells all links with what the services say', async () => {
    const { body } = await call<LinkRow[]>('GET', '/api/links')
    assert.deepEqual(
      body.map(row => [row.link, row.route, row.rate]),
      [
        ['COMM-040', 'http', 1.5],
        ['COMM-010', 'http', 0.5],
      ],
    )
  })

  test('refuses portions at its edge, by what they must be', async () => {
    for (const portions of ['0', '100', '101', '5,5', '25,5', '1,2,3,4,5,6', '5,', 'x', '5.5', '']) {
      const { status, body } = await call<{ code: string }>('GET', `/api/plans/COMM-040?portions=${portions}`)
      assert.deepEqual([status, body.code], [400, 'parameter_invalid'], portions)
    }
    for (const portions of [[0], [100], [101], [5, 5], [1, 2, 3, 4, 5, 6], [5.5], ['5'], '5,25', 5, null]) {
      const { status, body } = await call<{ code: string }>('POST', '/api/plans/COMM-040/apply', { portions })
      assert.equal(status, 400, JSON.stringify(portions))
      assert.match(body.code, /^(parameter|body)_invalid$/)
    }
    assert.equal((await call<object[]>('GET', '/api/runs')).body.length, 0)
  })

  test('moves a link once, says what changed, and sends its term each time', async () => {
    const first = await call<SwitchAnswer>('POST', '/api/links/COMM-040/switch', { to: 'event' })
    assert.equal(first.status, 200)
    assert.deepEqual({ ...first.body, term: 0 }, { link: 'COMM-040', from: 'http', to: 'event', epoch: 2, changed: true, term: 0 })
    const again = await call<SwitchAnswer>('POST', '/api/links/COMM-040/switch', { to: 'event' })
    assert.equal(again.body.changed, false)
    assert.equal(again.body.epoch, 2)
    assert.ok((state.terms[0] ?? 0) > 0)
    assert.equal(state.terms[1], state.terms[0])
  })

  test('refuses an unknown link and says which was meant', async () => {
    const { status, body } = await call<{ detail: string }>('POST', '/api/links/COMM-04/switch', { to: 'event' })
    assert.equal(status, 404)
    assert.match(body.detail, /no link "COMM-04".*Did you mean COMM-0[14]0\?/)
  })

  test('refuses to move what cannot be moved, and a route that does not exist', async () => {
    const { status, body } = await call<{ detail: string }>('POST', '/api/links/COMM-010/switch', { to: 'event' })
    assert.equal(status, 409)
    assert.match(body.detail, /carries state.*Use: cutover apply COMM-010/)
    assert.equal((await call('POST', '/api/links/COMM-040/switch', { to: 'pigeon' })).status, 400)
    assert.equal((await call('POST', '/api/links/COMM-040/switch', { to: 'http', by: 'me' })).status, 400)
  })

  test('answers 503 when the service cannot, and keeps the failed attempt in the history', async () => {
    state.refuse = true
    const { status, body } = await call<{ detail: string }>('POST', '/api/links/COMM-040/switch', { to: 'http' })
    state.refuse = false
    assert.equal(status, 503)
    assert.match(body.detail, /hiring answered 503.*the switch is busy/)
    const history = (await call<HistoryAnswer>('GET', '/api/history?limit=2')).body
    assert.equal(history.intact, true)
    assert.deepEqual(
      history.rows.map(row => row.action),
      ['switch failed', 'switch asked'],
    )
  })

  test('lets nobody change the history, and notices if somebody could', async () => {
    await assert.rejects(database.query(`update history set who = 'x'`), /append-only/)
    await assert.rejects(database.query('delete from history'), /append-only/)
    await database.transaction(async tx => {
      await tx.query('alter table history disable trigger all')
      await tx.query(`update history set who = 'somebody else' where number = 2`)
    })
    assert.equal((await call<HistoryAnswer>('GET', '/api/history')).body.intact, false)
  })

  test('verifies over the services and finds a planted double', async () => {
    const fine = (await call<VerifyReport>('POST', '/api/verify')).body
    assert.equal(fine.ok, true)
    assert.deepEqual(fine.ledger, { balanced: true, sum: 0 })
    assert.deepEqual(fine.checks, [{ service: 'bonuses', ...ownCheck }])
    Object.assign(ownCheck, { wrong: 1, samples: ['paid twice'] })
    const checked = (await call<VerifyReport>('POST', '/api/verify')).body
    assert.deepEqual([checked.ok, checked.checks[0]?.samples], [false, ['paid twice']])
    Object.assign(ownCheck, { wrong: 0, samples: [] })
    effects.push({ key: 'a', content: { amount: '500' } })
    const report = (await call<VerifyReport>('POST', '/api/verify')).body
    assert.equal(report.ok, false)
    assert.equal(report.links[0]?.double, 1)
  })

  test('tells an epoch that went back', async () => {
    state.epoch = 1
    const { body } = await call<LinkRow[]>('GET', '/api/links')
    assert.match(body[0]?.note ?? '', /tells epoch 1 after 2: its database was restored/)
  })

  test('leaves unknown what a service that is away decides, and refuses to verify without it', async () => {
    await hiring.stop()
    const { body } = await call<LinkRow[]>('GET', '/api/links')
    assert.equal(body[0]?.route, null)
    assert.match(body[0]?.note ?? '', /hiring does not answer \(ECONNREFUSED\)/)
    assert.equal((await call('POST', '/api/verify')).status, 503)
    assert.equal((await call('POST', '/api/links/COMM-040/switch', { to: 'http' })).status, 503)
  })

  test('lets the approver read everything and order nothing, and says why', async () => {
    for (const path of ['/api/links', '/api/runs', '/api/history', '/api/session'])
      assert.equal((await call('GET', path, undefined, 'second')).status, 200)
    assert.deepEqual((await call('GET', '/api/session', undefined, 'second')).body, { who: 'approver' })
    const orders = [
      ['/api/links/COMM-040/switch', { to: 'http' }],
      ['/api/plans/COMM-040/apply', {}],
      ...['pause', 'resume', 'revert', 'complete'].map(verb => [`/api/runs/R-1/${verb}`] as const),
    ] as const
    for (const [path, body] of orders) {
      const { status, body: problem } = await call<{ code: string; detail: string }>('POST', path, body, 'second')
      assert.deepEqual([status, problem.code], [403, 'forbidden'], path)
      assert.match(problem.detail, /the approver, who reads and approves and gives no orders/)
    }
    assert.equal((await call('POST', '/api/runs/R-1/approve', { hash: 'x' }, 'second')).status, 404)
    assert.equal((await call('POST', '/api/runs/R-1/approve', {}, 'second')).status, 400)
  })

  test('lets nobody in without the operator token', async () => {
    assert.equal((await fetch(`${engine.url}/api/links`)).status, 401)
    assert.equal((await fetch(`${engine.url}/api/links`, { headers: { authorization: 'Bearer wrong' } })).status, 401)
  })
})
