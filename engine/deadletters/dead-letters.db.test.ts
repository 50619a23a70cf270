import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { fileURLToPath } from 'node:url'
import { tokenDigest } from 'cutover/http/server'
import { openServer } from '../../cutover/http/server.ts'
import { deadLetterRoutes as serviceRoutes } from '../../cutover/service/dead-letter-routes.ts'
import { openStores } from '../../cutover/service/stores.ts'
import { openLog } from '../../cutover/process/log.ts'
import { aFact } from '../../tests/counting.ts'
import { freshDatabase } from '../../tests/database.ts'
import { type DeadLetters, moneyLink, nameLink, openDeadLetters } from '../../tests/dead-letters.ts'
import type { DeadLetterJob, DeadLettersAnswer, DeadLetterView, OrderedAnswer } from '../api/dead-letters.ts'
import { readHistory } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import { openDirectory } from '../services/directory.ts'
import { openClerk } from './clerk.ts'
import { deadLetterRoutes } from './http.ts'

const log = openLog({ service: 'engine', instance: 'test', level: 'silent' })
const tokens = { operatorTokenDigest: tokenDigest('secret'), approverTokenDigest: tokenDigest('second') }

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

interface System {
  /** The receiver of L-1, with its letters; the sender has none and can be away. */
  readonly adding: DeadLetters
  readonly database: Database
  away(): Promise<void>
  call(method: string, path: string, body?: object, token?: string): Promise<Answer>
}

async function setup(context: TestContext): Promise<System> {
  const [adding, counting] = [await openDeadLetters({ link: moneyLink }), await openDeadLetters({ service: 'counting', link: moneyLink })]
  const database = openDatabase({ url: (await freshDatabase()).url, name: 'engine', connectionsMax: 4, onIdleError: () => undefined })
  await installMigrations(database, [{ name: 'engine', folder: fileURLToPath(new URL('../sql', import.meta.url)) }])
  const serve = (letters: DeadLetters) =>
    openServer({
      service: letters.reader.service,
      port: 0,
      routes: serviceRoutes({ ...letters.reader, stores: openStores(letters.database) }),
      verifier: null,
      operatorTokenDigest: tokenDigest('engine'),
      log,
      ready: async () => ({}),
    })
  const servers = [await serve(adding), await serve(counting)] as const
  for (const server of servers) await server.start()
  const [one, other] = servers
  const directory = openDirectory({ adding: [one.url], counting: [other.url] }, { token: async () => 'engine' })
  const lease = { required: () => 7 } as Lease
  const clerk = openClerk({ links: [moneyLink, nameLink], directory, database, lease, now: Date.now })
  const engine = await openServer({
    service: 'engine',
    port: 0,
    routes: deadLetterRoutes(clerk),
    verifier: null,
    ...tokens,
    log,
    ready: async () => ({}),
  })
  await engine.start()
  context.after(async () => {
    await engine.stop()
    await directory.close()
    for (const server of servers) await server.stop()
    await Promise.all([database, adding.database, counting.database].map(each => each.close()))
  })
  return {
    adding,
    database,
    away: () => other.stop(),
    async call(method, path, body, token = 'secret') {
      const response = await fetch(`${engine.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as Answer['body'] }
    },
  }
}

const jobOf = ({ body }: Answer): DeadLetterJob => (body as unknown as OrderedAnswer).jobs[0] ?? assert.fail(JSON.stringify(body))

test('groups of all services, with ids that name the service; who is away is said', async context => {
  const { adding, call, away } = await setup(context)
  await adding.die('handler_error', aFact('a'), aFact('b'))
  const all = (await call('GET', '/api/dead-letters', undefined, 'second')).body as unknown as DeadLettersAnswer
  const [group] = all.groups
  assert.deepEqual([group?.service, group?.open, group?.money, all.totals.open, all.away], ['adding', 2, true, 2, []])
  assert.match(group?.sample ?? '', /^adding:\d+$/)
  const letter = (await call('GET', `/api/dead-letters/letters/${encodeURIComponent(group?.sample ?? '')}`))
    .body as unknown as DeadLetterView
  assert.deepEqual([letter.id, letter.state, letter.history.length], [group?.sample, 'open', 1])
  const page = await call('GET', `/api/dead-letters/letters?service=adding&cause=${group?.cause}`)
  assert.equal((page.body['letters'] as object[]).length, 2)
  await away()
  const fewer = (await call('GET', '/api/dead-letters')).body as unknown as DeadLettersAnswer
  assert.deepEqual([fewer.groups.length, fewer.away], [1, ['counting']])
})

test('a replay is ordered where the letters are, under the term, and stands in the history with ids and numbers', async context => {
  const { adding, database, call } = await setup(context)
  const [id = ''] = await adding.die('handler_error', aFact('a'))
  const ordered = await call('POST', '/api/dead-letters/replay', { selection: { link: 'L-1' }, rate: 100 })
  const job = jobOf(ordered)
  assert.deepEqual([ordered.status, job.kind, job.state, job.total, job.who, job.rate], [202, 'replay', 'running', 1, 'operator', 100])
  const twice = await call('POST', '/api/dead-letters/replay', { selection: { ids: [`adding:${id}`] } })
  assert.deepEqual([twice.status, twice.body['code'], twice.body['job']], [409, 'dead_letter_claimed', job.job])
  const stored = await adding.store.job(job.job.replace('adding:j', ''))
  assert.ok(stored !== undefined)
  await adding.finish(stored)
  assert.deepEqual((await call('GET', `/api/dead-letters/jobs/${encodeURIComponent(job.job)}`)).body['outcomes'], { done: 1 })
  assert.equal((await call('POST', '/api/dead-letters/replay', { selection: { ids: [`adding:${id}`] } })).body['code'], 'already_resolved')
  assert.equal((await call('POST', '/api/dead-letters/replay', { selection: {} })).body['code'], 'dead_letters_none')
  const { intact, rows } = await readHistory(database, { limit: 50 })
  assert.equal(intact, true)
  const taken = rows.find(row => row.action === 'dead letters: replay taken')
  assert.deepEqual(
    [taken?.link, taken?.who, taken?.term, taken?.numbers['job'], taken?.numbers['letters']],
    ['L-1', 'operator', 7, job.job, 1],
  )
  assert.equal(await openStores(adding.database).switch.term(), 7)
})

test('the operator orders a write-off of money, the approver approves it, and neither can do the other’s part', async context => {
  const { adding, call } = await setup(context)
  const [id = ''] = await adding.die('handler_error', aFact('a'))
  const off = { selection: { ids: [`adding:${id}`] }, reason: 'never existed' }
  assert.equal((await call('POST', '/api/dead-letters/write-off', off, 'second')).status, 403)
  const job = jobOf(await call('POST', '/api/dead-letters/write-off', off))
  assert.deepEqual([job.state, job.needs], ['waiting', ['money', 'not_terminal']])
  const approve = (token: string): Promise<Answer> =>
    call('POST', `/api/dead-letters/jobs/${encodeURIComponent(job.job)}/approve`, undefined, token)
  const own = await approve('secret')
  assert.deepEqual([own.status, own.body['code']], [403, 'approval_own'])
  assert.equal((await approve('nobody')).status, 401)
  assert.deepEqual([(await approve('second')).body['state'], (await approve('second')).body['code']], ['running', 'job_state'])
  const stored = await adding.store.job(job.job.replace('adding:j', ''))
  assert.ok(stored !== undefined)
  assert.deepEqual((await adding.finish(stored)).outcomes, { written_off: 1 })
  const jobs = (await call('GET', '/api/dead-letters/jobs')).body as unknown as { jobs: DeadLetterJob[] }
  assert.deepEqual([jobs.jobs[0]?.who, jobs.jobs[0]?.approver], ['operator', 'approver'])
})

test('an edit comes back with what is wrong, and no value of it is in the history', async context => {
  const { adding, database, call } = await setup(context)
  const [id = ''] = await adding.die('handler_error', aFact('a'))
  const path = `/api/dead-letters/letters/${encodeURIComponent(`adding:${id}`)}/edit`
  const wrong = await call('POST', path, { set: [{ path: '/payload/amount', value: 'Zebulon' }], reason: 'Zebulon said so' })
  assert.deepEqual([wrong.status, wrong.body['code']], [422, 'edit_invalid'])
  assert.equal((wrong.body['errors'] as { pointer: string }[])[0]?.pointer, '/payload/amount')
  const right = await call('POST', path, { set: [{ path: '/payload/amount', value: 2 }], reason: 'Zebulon said so' })
  assert.deepEqual([right.status, (right.body['edit'] as { touches: string[] }).touches], [200, ['effect']])
  assert.doesNotMatch(JSON.stringify(await readHistory(database, { limit: 50 })), /Zebulon/)
})

test('what names nothing is refused, and so is an order while its service is away', async context => {
  const { call, away } = await setup(context)
  const code = async (method: string, path: string, body?: object): Promise<unknown> => (await call(method, path, body)).body['code']
  assert.equal(await code('GET', '/api/dead-letters/letters/nonsense'), 'dead_letter_unknown')
  assert.equal(await code('GET', '/api/dead-letters/letters/elsewhere%3A1'), 'dead_letter_unknown')
  assert.equal(await code('GET', '/api/dead-letters/letters/adding%3A999'), 'dead_letter_unknown')
  assert.equal(await code('GET', '/api/dead-letters/jobs/adding%3Aj9'), 'job_unknown')
  assert.equal(await code('POST', '/api/dead-letters/replay', { selection: { link: 'L-77' } }), 'link_unknown')
  assert.equal(await code('POST', '/api/dead-letters/replay', { selection: { cause: 'x' } }), 'body_invalid')
  assert.equal(await code('GET', '/api/dead-letters/letters?service=elsewhere'), 'service_unknown')
  await away()
  assert.equal(await code('POST', '/api/dead-letters/replay', { selection: { ids: ['counting:1'] } }), 'service_away')
})
