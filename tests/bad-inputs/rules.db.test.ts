// Section 8.2 of the catalogue, rules: what is well formed, and still not to be done, or not now.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildFact } from '../../cutover/outbox/fact.ts'
import type { Message } from '../../cutover/contract/message.ts'
import { Problem } from '../../cutover/failure/problem.ts'
import { systemRandom } from '../../cutover/process/clock.ts'
import { openRegistry } from '../../cutover/registry/registry.ts'
import { events } from '../../school/contracts/events.ts'
import { TaskCompleted } from '../../school/contracts/events/task-completed/event.ts'
import { linkOf, links } from '../../school/contracts/links.ts'
import { type Answer, type Asking, openSchool, type School, type SchoolService } from './school.ts'
import { figure } from '../tables.ts'
import { complete } from './catalogue.ts'
import { aFactOf, bookings, completed, created, deliver, failed, openAccount, rate } from './facts.ts'
import { aManager, anAssignment, hire, type Person, secret, task, until } from './people.ts'

let school: School
let bonuses: SchoolService
let author: Person
before(async () => {
  school = await openSchool()
  bonuses = school.services.bonuses
  await openAccount(bonuses.database)
  author = await aManager(school)
})
after(() => school.close())

const payload = { task_id: 't1', creator_id: 'm1', candidate_id: 'c1' }

const receiptOf = async (fact: Message): Promise<unknown> =>
  (await bonuses.database.query('select outcome, detail from receipt where fact_id = $1', [fact.factId])).rows[0]
const waitsFor = async ({ database }: SchoolService, fact: Message): Promise<string | undefined> =>
  (await database.query<{ waits_for: string }>('select waits_for from parked where fact_id = $1', [fact.factId])).rows[0]?.waits_for
const bookedOf = async (taskId: string): Promise<string[]> => (await bookings(bonuses.database)).filter(one => one.includes(`:${taskId}`))

test('row 30: a fact of the year 9999, or of 1970, is acted on, and its clock is noted as suspect', async () => {
  for (const [at, producedAt] of ['9999-12-31T23:59:59Z', '1970-01-01T00:00:00Z'].entries()) {
    const fact = created(`t30-${at}`, { producedAt })
    assert.deepEqual((await deliver(school, fact)).body, { outcome: 'done' })
    assert.deepEqual(await receiptOf(fact), { outcome: 'done', detail: 'clock_suspect' })
  }
  const fine = created('t30-2')
  await deliver(school, fine)
  assert.deepEqual(await receiptOf(fine), { outcome: 'done', detail: null })
  // In the order in which they came, whatever they say of themselves.
  assert.deepEqual(
    (await bookedOf('t30-')).map(one => one.split(' ')[0]),
    ['TaskCreated:t30-0', 'TaskCreated:t30-1', 'TaskCreated:t30-2'],
  )
  const { payload: metrics } = await bonuses.server.inject('/metrics')
  assert.match(metrics, /cutover_notices_total\{[^}]*link="COMM-080",notice="clock_suspect"[^}]*\} 2/)
})

test('row 32: our own append refuses an extra field, and one of the wrong type', () => {
  const registry = openRegistry(events)
  const details = { service: 'hiring', factId: systemRandom.uuid(), producedAt: '2026-01-01T00:00:00.000Z', revision: null }
  const append = (more: object): unknown =>
    buildFact(TaskCompleted, { ...payload, ...more }, details, { epoch: 1, links: {}, versions: {} } as never, links, registry)
  append({})
  for (const [more, code] of [
    [{ manager_phone: secret }, 'unknown_field'],
    [{ amount: 5 }, 'unknown_field'],
    [{ task_id: 5 }, 'type'],
  ] as const) {
    // Its status is 500 and not 400: whoever asked has sent nothing wrong, the service has stated it.
    assert.throws(
      () => append(more),
      (error: unknown) =>
        error instanceof Problem &&
        error.code === 'event_invalid' &&
        error.errors.some(one => one.code === code) &&
        !JSON.stringify(error).includes(secret),
    )
  }
})

test('row 34: who wrote the task and solves it is refused by the rule, at both doors', async () => {
  const own = aFactOf(linkOf('COMM-040'), { task_id: 't34', creator_id: 'm1', candidate_id: 'm1' })
  const answer = await deliver(school, own)
  assert.deepEqual([answer.status, answer.body['code'], answer.body['rule']], [409, 'rejected', 'self_dealing'])
  assert.deepEqual(await receiptOf(own), { outcome: 'rejected', detail: 'self_dealing' })
  assert.deepEqual(await bookedOf('t34'), [])
  // In hiring it comes no further than the assignment.
  const { hiring } = school.services
  const made = await school.call('management', author, 'POST', '/tasks', { body: task })
  await hiring.database.query('insert into candidate (candidate_id, name) values ($1, $2)', [author.subject, 'The author'])
  const given = await school.call('hiring', author, 'POST', '/assignments', {
    body: { candidate_id: author.subject, task_ids: [made.body['task_id']] },
  })
  assert.deepEqual([given.status, given.body['code']], [409, 'self_dealing'])
})

test('row 35: a fact of an unknown task waits for it a day, and then goes to the dead letters', async () => {
  const { management } = school.services
  const rework = aFactOf(linkOf('COMM-030'), { task_id: 't-unknown', solved_count: 10 }, { revision: 1 })
  const answer = await deliver(school, rework)
  assert.deepEqual([answer.status, answer.body['outcome']], [202, 'parked'])
  assert.equal(await waitsFor(management, rework), 'task_unknown:t-unknown')
  await management.start()
  const tries = `select coalesce(max(tries), -1) from parked where fact_id = '${rework.factId}'`
  await until(async () => (await figure(management.database, tries)) > 0)
  await management.database.query(`update parked set parked_at = now() - interval '24 hours 1 minute', next_at = now()`)
  await until(async () => (await figure(management.database, 'select count(*) from dead_letter')) > 0)
  const { rows: dead } = await management.database.query('select code, error, bytes, state from dead_letter')
  assert.deepEqual(dead, [
    { code: 'waited_too_long', error: 'waited 24 hours for task_unknown:t-unknown', bytes: Buffer.from(rework.bytes), state: 'open' },
  ])
  assert.equal(await waitsFor(management, rework), undefined)
  // Bonuses keeps no tasks. What it lacks of one that nobody knows is its rating, and it waits for that in the same way.
  const fact = completed('t35', 'c1')
  assert.equal((await deliver(school, fact)).status, 202)
  assert.equal(await waitsFor(bonuses, fact), `COMM-060:${fact.factId}:t35`)
})

test('row 36: a fact of an unknown manager waits for that manager, by the link that brings managers', async () => {
  const fact = aFactOf(linkOf('COMM-080'), { task_id: 't36', creator_id: 'm-unknown', title: 'T' })
  const answer = await deliver(school, fact)
  assert.deepEqual([answer.status, answer.body], [202, { outcome: 'parked', waits_for: 'COMM-070:m-unknown' }])
  assert.deepEqual(await bookedOf('t36'), [])
})

test('row 37: completed before created: each is booked as it comes, and they add up to the same', async () => {
  // Nothing is parked: the effects commute, so the creation of a task is not waited for. What is waited for is the rating,
  // whose arrival wakes the credit (row 35).
  const [solved, made] = [completed('t37', 'c1'), created('t37')]
  await rate(bonuses.database, solved, 50)
  assert.deepEqual((await deliver(school, solved)).body, { outcome: 'done' })
  assert.deepEqual((await deliver(school, made)).body, { outcome: 'done' })
  assert.deepEqual(await bookedOf('t37'), ['TaskCompleted:t37:c1 1000', 'TaskCreated:t37 1000'])
})

test('row 38: a candidate completes and fails one task: hiring answers what it has recorded, bonuses finds a conflict', async () => {
  const { candidate, assignment } = await anAssignment(school, author)
  const answerWith = (text: string): Promise<Answer> =>
    school.call('hiring', candidate, 'POST', `/assignments/${assignment}/answer`, { body: { answers: [text] } })
  const first = await answerWith('wrong')
  assert.deepEqual([first.body['outcome'], first.body['repeated']], ['failed', false])
  assert.deepEqual((await answerWith('!')).body, { ...first.body, repeated: true })

  await deliver(school, failed('t38', 'c1'))
  const before = await bookings(bonuses.database)
  const solved = completed('t38', 'c1')
  await rate(bonuses.database, solved, 50)
  const answer = await deliver(school, solved)
  assert.deepEqual([answer.status, answer.body['code']], [422, 'idempotency_key_reused'])
  assert.match(`${answer.body['first'] as string} / ${answer.body['second'] as string}`, /^task failed.* \/ task completed/)
  assert.deepEqual(await bookings(bonuses.database), before)
})

test('row 39: a removed task is given to nobody any more, and nobody is asked to make it harder', async () => {
  // Who has the task already may answer it and is paid for it: it was taken back from those to come, and bonuses keeps no tasks.
  const { candidate, taskId, assignment } = await anAssignment(school, author)
  await school.call('management', author, 'DELETE', `/tasks/${taskId}`)
  const late = await hire(school, 'Late')
  const given = async (): Promise<Answer> =>
    school.call('hiring', author, 'POST', '/assignments', { body: { candidate_id: late.body['candidate_id'], task_ids: [taskId] } })
  // What hiring has read within five seconds it takes for fresh.
  await school.services.hiring.database.query('update task set gone = true where task_id = $1', [taskId])
  assert.deepEqual([(await given()).status, (await given()).body['code']], [409, 'task_gone'])
  const rework = aFactOf(linkOf('COMM-030'), { task_id: taskId, solved_count: 10 }, { revision: 1 })
  const answer = await deliver(school, rework)
  assert.deepEqual([answer.status, answer.body['code'], answer.body['rule']], [409, 'rejected', 'task_gone'])
  const solved = await school.call('hiring', candidate, 'POST', `/assignments/${assignment}/answer`, { body: { answers: ['!'] } })
  assert.deepEqual([solved.status, solved.body['outcome']], [200, 'completed'])
})

test('row 41: where the policy gives nothing, nothing is booked under the key, for ever, and shown so', async () => {
  // With a row of the amount 0, where the catalogue has none: the key is taken by it, and verify finds the effect of its fact.
  const fact = completed('t41', 'c1')
  await rate(bonuses.database, fact, 0)
  assert.deepEqual((await deliver(school, fact)).body, { outcome: 'done' })
  assert.deepEqual(await bookedOf('t41'), ['TaskCompleted:t41:c1 0'])
  const finance: Asking = { subject: 'f1', role: 'finance' }
  const { body } = await school.call('bonuses', finance, 'GET', '/accounts/a1/statement')
  const booking = (body['bookings'] as { task_id: string; amount: number; rating: number }[]).find(one => one.task_id === 't41')
  assert.deepEqual([booking?.amount, booking?.rating], [0, 0])
})

test('row 42: a booking beyond the range of amounts is refused for ever, and books nothing', async () => {
  // Long before bigint ends: a balance is shown as a number of JSON, and may not lose digits. It raises no alarm of its own:
  // a refusal by a rule is an outcome like any other, and counted as one.
  await bonuses.database.query(`insert into account (account_id, manager_id, balance) values ('a42', 'm42', 9007199254740000)`)
  const fact = aFactOf(linkOf('COMM-080'), { task_id: 't42', creator_id: 'm42', title: 'T' })
  const answer = await deliver(school, fact)
  assert.deepEqual([answer.status, answer.body['code'], answer.body['rule']], [409, 'rejected', 'amount_range'])
  assert.deepEqual(await receiptOf(fact), { outcome: 'rejected', detail: 'amount_range' })
  assert.deepEqual(await bookedOf('t42'), [])
  const { payload: metrics } = await bonuses.server.inject('/metrics')
  assert.match(metrics, /cutover_outcomes_total\{[^}]*link="COMM-080",outcome="rejected"[^}]*\} [1-9]/)
})

test('row 43: the ledger takes no negative amount: what turns a booking back is a reversal', async () => {
  const insert = bonuses.database.query(
    `insert into ledger (business_key, fact_id, reason, task_id, creator_id, debit_account, credit_account, amount, policy_version)
     values ('k43', gen_random_uuid(), 'task created', 't43', 'm1', 'bonus-fund', 'a1', -1, 1)`,
  )
  await assert.rejects(insert, { code: '23514' })
})

complete('rules', [30, 32, 34, 35, 36, 37, 38, 39, 41, 42, 43])
