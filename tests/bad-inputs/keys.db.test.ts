// Section 8.3 of the catalogue, keys and repeats: people's writing endpoints, and deliveries over links.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { toHeaders } from '../../cutover/contract/headers.ts'
import { answerOn, connect } from '../../cutover/http/testing.ts'
import { systemClock, systemRandom } from '../../cutover/process/clock.ts'
import { linkOf } from '../../school/contracts/links.ts'
import { figure } from '../tables.ts'
import { type Answer, type Asking, openSchool, type School, type SchoolService, type ServiceName } from './school.ts'
import { complete } from './catalogue.ts'
import { aFactOf, bookings, completed, created, deliver, failed, openAccount } from './facts.ts'

const admin: Asking = { subject: 'root', role: 'admin' }
const names = { first_name: 'Ada', last_name: 'Lovelace' }
const task = { title: '[Math] Fractions', text: 'Work it out.', questions: [{ question: '?', answer: '!' }] }
let school: School
let bonuses: SchoolService
let manager: Asking & { subject: string }
before(async () => {
  school = await openSchool()
  bonuses = school.services.bonuses
  await openAccount(bonuses.database)
  manager = await aManager()
})
after(() => school.close())

async function aManager(): Promise<Asking & { subject: string }> {
  const { body } = await school.call('management', admin, 'POST', '/managers', { body: names })
  return { subject: body['manager_id'] as string, role: 'manager' }
}
const key = (): string => systemRandom.uuid()
const write = (
  service: ServiceName,
  as: Asking,
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  idempotencyKey: string,
  body?: object,
): Promise<Answer> =>
  school.call(service, as, method, path, { ...(body === undefined ? {} : { body }), headers: { 'idempotency-key': idempotencyKey } })
const codeOf = (answer: Answer): readonly [number, unknown] => [answer.status, answer.body['code']]
const isReplay = (answer: Answer): boolean =>
  answer.headers['idempotent-replay'] === 'true' && answer.headers['idempotency-replayed'] === 'true'

/** Does what changes nothing at any service but, perhaps, whoever answered. */
async function unchanged<Result>(work: () => Promise<Result>): Promise<Result> {
  const stands = (): Promise<string[]> => Promise.all(Object.values(school.services).map(service => service.stand()))
  const before = await stands()
  const result = await work()
  assert.deepEqual(await stands(), before)
  return result
}

test('row 49: a credit and a debit without a key are refused', async () => {
  for (const fact of [completed('t49', 'c1'), failed('t49', 'c2'), created('t49')]) {
    const answer = await unchanged(() => deliver(school, fact, { 'idempotency-key': undefined }))
    assert.deepEqual(codeOf(answer), [400, 'idempotency_key_missing'])
  }
})

/** Calls with header lines as they are, which no client would send like that. */
async function raw(service: ServiceName, path: string, token: string, body: string, lines: readonly string[]): Promise<number[]> {
  const socket = connect(school.services[service].server.url)
  const head = [`POST ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${token}`, 'content-type: application/json', ...lines]
  socket.write(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  const answer = await answerOn(socket)
  socket.destroy()
  assert.equal((JSON.parse(answer.text) as { code: string }).code, 'idempotency_key_format', answer.text)
  return [answer.status]
}

test('row 50: two keys, a key of 1 KiB, and one that is not ASCII are refused, on every kind of writing endpoint', async () => {
  const fact = completed('t50', 'c1')
  const own = Object.entries(toHeaders(fact)).map(([name, value]) => `${name}: ${value}`)
  const people = await school.token('people', { audience: 'management', ...manager })
  const service = await school.token('hiring', { audience: 'bonuses', link: 'COMM-040' })
  for (const keys of [
    ['"a"', '"b"'],
    ['a', 'b'],
    [fact.factId, fact.factId],
    ['k'.repeat(1_024)],
    [`"${'k'.repeat(1_022)}"`],
    ['ключ'],
    ['"ключ"'],
    ['""'],
  ]) {
    const lines = keys.map(one => `idempotency-key: ${one}`)
    await unchanged(async () => {
      assert.deepEqual(await raw('management', '/tasks', people, JSON.stringify(task), lines), [400])
      assert.deepEqual(await raw('bonuses', '/credits', service, fact.bytes, [...own, ...lines]), [400])
    })
  }
})

const finance: Asking = { subject: 'f1', role: 'finance' }
async function openPeriod(): Promise<string> {
  const { rows } = await bonuses.database.query<{ period: string }>('select period_id as period from period where closed_at is null')
  return rows[0]?.period ?? assert.fail('no period is open')
}
/** Has finance refuse a pay-out; answers with where it is asked for again. */
async function refusedPayout(): Promise<string> {
  const period = await openPeriod()
  await bonuses.database.query(
    `insert into payout (payout_key, payout_id, period_id, account_id, amount, state) values ($1, gen_random_uuid(), $2, 'a1', 100, 'refused')`,
    [`Payout:${period}:a1`, period],
  )
  return `/periods/${period}/payouts/a1/retry`
}

test('row 51: the same key with the same content gets the first answer again, from every writing endpoint, and nothing more happens', async () => {
  const registered = await write('hiring', admin, 'POST', '/candidates', key(), { name: 'C' })
  const candidate = registered.body['candidate_id'] as string
  const made = await write('management', manager, 'POST', '/tasks', key(), task)
  const taskId = made.body['task_id'] as string
  const assignments = async (): Promise<string> => {
    const { rows } = await school.services.hiring.database.query<{ assignment_id: string }>('select assignment_id from assignment')
    return rows[0]?.assignment_id ?? assert.fail('nothing is assigned')
  }
  const calls: readonly (readonly [ServiceName, Asking, 'POST' | 'PUT' | 'DELETE', () => Promise<string> | string, object?])[] = [
    ['management', admin, 'POST', () => '/managers', names],
    ['management', admin, 'PUT', () => `/managers/${manager.subject}`, { ...names, first_name: 'Augusta' }],
    ['management', manager, 'POST', () => '/tasks', task],
    ['management', manager, 'PUT', () => `/tasks/${taskId}`, { ...task, text: 'Harder.' }],
    ['hiring', manager, 'POST', () => '/candidates', { name: 'D' }],
    ['hiring', manager, 'PUT', () => `/candidates/${candidate}`, { name: 'E' }],
    ['hiring', manager, 'POST', () => '/assignments', { candidate_id: candidate, task_ids: [taskId] }],
    [
      'hiring',
      { subject: candidate, role: 'candidate' },
      'POST',
      async () => `/assignments/${await assignments()}/answer`,
      { answers: ['!'] },
    ],
    ['management', manager, 'DELETE', () => `/tasks/${taskId}`],
    ['bonuses', finance, 'POST', async () => `/periods/${await openPeriod()}/close`],
    ['bonuses', finance, 'POST', refusedPayout],
  ]
  const writing = Object.values(school.services)
    .flatMap(service => service.routes)
    .filter(route => route.repeats !== undefined && 'key' in route.repeats && route.repeats.key === 'accepted')
  assert.equal(calls.length, writing.length, 'an endpoint that takes a key is not tried here')
  for (const [service, as, method, pathOf, body] of calls) {
    const [path, own] = [await pathOf(), key()]
    const first = await write(service, as, method, path, own, body)
    assert.ok(first.status < 300 && !isReplay(first), JSON.stringify([path, first]))
    const again = await unchanged(() => write(service, as, method, path, `"${own}"`, body))
    assert.deepEqual([again.status, again.body, again.headers['location']], [first.status, first.body, first.headers['location']])
    assert.ok(isReplay(again), path)
  }
})

test('row 52: the same key with other content is refused, whatever is other about it', async () => {
  const own = key()
  const made = await write('management', manager, 'POST', '/tasks', own, task)
  for (const body of [
    { ...task, text: 'Other.' },
    { ...task, title: '[Math] Fractions ' },
  ])
    assert.deepEqual(codeOf(await unchanged(() => write('management', manager, 'POST', '/tasks', own, body))), [
      422,
      'idempotency_key_reused',
    ])
  // Of one operation, the path is part of what was asked.
  const edit = key()
  const path = `/tasks/${made.body['task_id'] as string}`
  await write('management', manager, 'PUT', path, edit, task)
  assert.deepEqual(codeOf(await unchanged(() => write('management', manager, 'PUT', '/tasks/t-other', edit, task))), [
    422,
    'idempotency_key_reused',
  ])
  const fact = created('t52')
  await deliver(school, fact)
  const other = aFactOf(linkOf('COMM-080'), { task_id: 't52', creator_id: 'm2', title: 'T' }, { factId: fact.factId })
  await bonuses.database.query(`insert into account (account_id, manager_id) values ('a2', 'm2')`)
  const answer = await unchanged(() => deliver(school, other))
  assert.deepEqual(codeOf(answer), [422, 'idempotency_key_reused'])
  assert.match(`${answer.body['first'] as string} / ${answer.body['second'] as string}`, /creator m1.* \/ .*creator m2/)
})

/** Looks until somebody in this database waits for a lock. */
async function someoneWaits({ database }: SchoolService): Promise<void> {
  const waiting = `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  while ((await figure(database, waiting)) === 0) await systemClock.sleep(10)
}

test('row 53: a repeat waits for the first to end, and gets its answer; after the deadline it is told that the first still runs', async () => {
  const { hiring } = school.services
  const { body } = await write('hiring', admin, 'POST', '/candidates', key(), { name: 'C' })
  const path = `/candidates/${body['candidate_id'] as string}`
  const [own, renamed] = [key(), { name: 'Renamed' }]
  const rename = (): Promise<Answer> => write('hiring', admin, 'PUT', path, own, renamed)
  let first: Promise<Answer> | undefined
  let patient: Promise<Answer> | undefined
  await hiring.database.transaction(async tx => {
    await tx.query('select from candidate where candidate_id = $1 for update', [body['candidate_id']])
    first = rename()
    await someoneWaits(hiring)
    const late = await rename()
    assert.deepEqual(codeOf(late), [409, 'in_progress'])
    assert.deepEqual([late.headers['retry-after'], late.body['retryable']], ['1', true])
    assert.notEqual(late.body['type'], '/problems/rejected')
    patient = rename()
  })
  const [one, two] = await Promise.all([first, patient])
  assert.deepEqual([one?.status, one?.body['revision']], [200, 2])
  assert.deepEqual([two?.status, two?.body], [200, one?.body])
  assert.deepEqual(
    [one, two].map(answer => answer !== undefined && isReplay(answer)),
    [false, true],
  )
})

test('row 58: a key in another case, or with a space more, is another key, and the business key protects', async () => {
  const { body: registered } = await write('hiring', admin, 'POST', '/candidates', key(), { name: 'C' })
  const { body: made } = await write('management', manager, 'POST', '/tasks', key(), task)
  const candidate: Asking = { subject: registered['candidate_id'] as string, role: 'candidate' }
  const given = await write('hiring', manager, 'POST', '/assignments', key(), {
    candidate_id: registered['candidate_id'],
    task_ids: [made['task_id']],
  })
  const [assignment] = given.body['assignments'] as { assignment_id: string }[]
  const answerWith = (own: string): Promise<Answer> =>
    write('hiring', candidate, 'POST', `/assignments/${assignment?.assignment_id}/answer`, own, { answers: ['!'] })
  const first = await answerWith('"key"')
  const facts = await figure(school.services.hiring.database, 'select count(*) from outbox')
  for (const other of ['"KEY"', '"key "', '" key"']) {
    const answer = await answerWith(other)
    assert.equal(isReplay(answer), false, 'it was not taken for the same key')
    assert.deepEqual([answer.status, answer.body], [200, { ...first.body, repeated: true }])
  }
  assert.equal(await figure(school.services.hiring.database, 'select count(*) from outbox'), facts)
  // Over a link the key is the id of the fact, so another key is none of it: refused, before the business key would protect.
  const fact = created('t58')
  await deliver(school, fact)
  for (const other of [fact.factId.toUpperCase(), `"${fact.factId} "`])
    assert.deepEqual(codeOf(await deliver(school, fact, { 'idempotency-key': other })), [400, 'idempotency_key_format'])
  assert.deepEqual(
    (await bookings(bonuses.database)).filter(one => one.includes(':t58 ')),
    ['TaskCreated:t58 1000'],
  )
})

test('row 59: another caller’s key is another key', async () => {
  const [own, other] = [key(), await aManager()]
  const [mine, theirs] = [
    await write('management', manager, 'POST', '/tasks', own, task),
    await write('management', other, 'POST', '/tasks', own, task),
  ]
  assert.deepEqual([mine.status, theirs.status, isReplay(theirs)], [201, 201, false])
  assert.notEqual(mine.body['task_id'], theirs.body['task_id'])
  assert.equal(theirs.body['creator_id'], other.subject)
})

complete('keys', [49, 50, 51, 52, 53, 58, 59])
