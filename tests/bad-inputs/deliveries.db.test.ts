// Section 8.3 of the catalogue, keys and repeats of deliveries over links: the id of the fact, and the business key.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { toHeaders } from '../../cutover/contract/headers.ts'
import { systemClock } from '../../cutover/process/clock.ts'
import { type Answer, openSchool, type School, type SchoolService } from './school.ts'
import { figure } from '../tables.ts'
import { complete } from './catalogue.ts'
import { bookings, completed, created, deliver, failed, openAccount, rate } from './facts.ts'

let school: School
let bonuses: SchoolService
before(async () => {
  school = await openSchool()
  bonuses = school.services.bonuses
  await openAccount(bonuses.database)
})
after(() => school.close())

const codeOf = (answer: Answer): readonly [number, unknown] => [answer.status, answer.body['code']]
const isReplay = (answer: Answer): boolean =>
  answer.headers['idempotent-replay'] === 'true' && answer.headers['idempotency-replayed'] === 'true'

test('row 51: a delivery that comes again gets the first answer again', async () => {
  const fact = completed('t51', 'c1')
  await rate(bonuses.database, fact, 50)
  const first = await deliver(school, fact)
  assert.deepEqual([first.status, first.body, isReplay(first)], [200, { outcome: 'done' }, false])
  const before = await bonuses.stand()
  const again = await deliver(school, fact)
  assert.deepEqual([again.status, again.body, isReplay(again)], [200, { outcome: 'done' }, true])
  assert.equal(await bonuses.stand(), before)
})

test('row 53: deliveries of one fact at once all get its answer, and one of them has the effect', async () => {
  const fact = created('t53')
  const answers = await Promise.all(Array.from({ length: 20 }, () => deliver(school, fact)))
  assert.deepEqual([...new Set(answers.map(answer => JSON.stringify([answer.status, answer.body])))], ['[200,{"outcome":"done"}]'])
  assert.equal(answers.filter(answer => !isReplay(answer)).length, 1)
  assert.deepEqual(
    (await bookings(bonuses.database)).filter(one => one.includes(':t53 ')),
    ['TaskCreated:t53 1000'],
  )
})

test('row 54: a new key with a known business key gets the row that is there, and which fact it is of', async () => {
  const [fact, again] = [created('t54'), created('t54')]
  await deliver(school, fact)
  const before = await bookings(bonuses.database)
  const answer = await deliver(school, again)
  assert.deepEqual([answer.status, answer.body['outcome'], answer.body['duplicate_of']], [200, 'duplicate', fact.factId])
  assert.match(answer.body['first'] as string, /task created, task t54, .* amount 1000/)
  assert.deepEqual(await bookings(bonuses.database), before)
  // The receipt of the second fact says what became of it.
  const outcome = `select string_agg(outcome, ',' order by position) from receipt where fact_id in ('${fact.factId}', '${again.factId}')`
  const { rows } = await bonuses.database.query<{ outcomes: string }>(`select (${outcome}) as outcomes`)
  assert.equal(rows[0]?.outcomes, 'done,duplicate')
})

test('row 55: one key by HTTP and by event at once is booked once, and the other is a duplicate', async () => {
  // A fact has one route, stamped on it: what comes by the other is recorded and never acts. So two facts of one key, as a
  // second submission across a switch makes them; and the first once more by the route that is not its own.
  const [byHttp, byEvent] = [created('t55'), created('t55', { route: 'event' })]
  const event = school.services.bonuses
  await event.start()
  const topic = await school.log.createTopic('management.task-created', 4)
  const publish = (fact: typeof byHttp): Promise<void> =>
    school.log.append(topic.name, [{ key: fact.orderKey, value: fact.bytes, headers: toHeaders(fact) }])
  await Promise.all([publish(byEvent), publish(byHttp), deliver(school, byHttp)])
  const receipts = `select count(*) from receipt where fact_id in ('${byHttp.factId}', '${byEvent.factId}')`
  const recorded = `select count(*) from parity where fact_id = '${byHttp.factId}' and recorded_at is not null`
  while ((await figure(event.database, receipts)) < 2 || (await figure(event.database, recorded)) < 1) await systemClock.sleep(10)
  assert.deepEqual(
    (await bookings(event.database)).filter(one => one.includes(':t55 ')),
    ['TaskCreated:t55 1000'],
  )
  const { rows } = await event.database.query<{ outcome: string }>(
    'select outcome from receipt where fact_id = any($1::uuid[]) order by outcome',
    [[byHttp.factId, byEvent.factId]],
  )
  assert.deepEqual(
    rows.map(row => row.outcome),
    ['done', 'duplicate'],
  )
})

test('row 56: one event id with two payloads is a conflict: the first stands, and both are shown', async () => {
  const fact = failed('t56', 'c1')
  await deliver(school, fact)
  const before = await bookings(bonuses.database)
  const answer = await deliver(school, failed('t56', 'c2', { factId: fact.factId }))
  assert.deepEqual(codeOf(answer), [422, 'idempotency_key_reused'])
  assert.deepEqual([answer.body['first'], answer.body['second']], ['TaskFailed:t56:c1', 'TaskFailed:t56:c2'])
  assert.deepEqual(await bookings(bonuses.database), before)
})

test('row 57: another event id for the same fact is a duplicate', async () => {
  // The catalogue speaks of the two versions of a fact. The school has released no v1 yet, and both are v0 here; events.db.test.ts
  // tries two versions of another event.
  const [fact, again] = [failed('t57', 'c1'), failed('t57', 'c1')]
  await deliver(school, fact)
  const before = await bookings(bonuses.database)
  const answer = await deliver(school, again)
  assert.deepEqual([answer.status, answer.body['outcome'], answer.body['duplicate_of']], [200, 'duplicate', fact.factId])
  assert.deepEqual(await bookings(bonuses.database), before)
})

test('row 60: a delivery that comes again after three years is a duplicate', async () => {
  const fact = created('t60')
  await deliver(school, fact)
  // By then the receipts are gone; the business key is not.
  await bonuses.database.query('delete from receipt where fact_id = $1', [fact.factId])
  const before = await bookings(bonuses.database)
  const answer = await deliver(school, fact)
  assert.deepEqual([answer.status, answer.body, isReplay(answer)], [200, { outcome: 'done' }, true])
  assert.deepEqual(await bookings(bonuses.database), before)
  const { rows } = await bonuses.database.query<{ outcome: string }>('select outcome from receipt where fact_id = $1', [fact.factId])
  assert.deepEqual(rows, [{ outcome: 'duplicate' }])
})

complete('deliveries', [51, 53, 54, 55, 56, 57, 60])
