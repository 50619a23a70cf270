// Problem-030: what a right solution is worth depends on the rating, and the rating goes on changing.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import type { HttpClient } from 'cutover/http/client'
import { systemRandom } from 'cutover/process/clock'
import type { Incoming } from 'cutover/receive/handler'
import { openReadingStore } from '../../../cutover/reading/postgres.ts'
import { replicaHandler } from '../../../cutover/replica/handler.ts'
import { freshDatabase } from '../../../tests/database.ts'
import { aReader, anOwner, readerOver } from '../../../tests/reading.ts'
import { person, serveSchool, service, type Told } from '../../../tests/serving.ts'
import { TaskCompleted } from '../../contracts/events/task-completed/event.ts'
import type { Manager } from '../../contracts/http/manager.ts'
import { assignmentRoutes } from '../../hiring/assignments/http.ts'
import { ratingRoutes } from '../../hiring/ratings/http.ts'
import { ratings } from '../ratings/copy.ts'
import { openAwards } from './consumer.ts'
import { wholeTitles } from '../../../tests/titles.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

/** Hiring with one task; `answer` answers for a candidate and resolves with what that stated. */
async function openHiring() {
  const { database, told, call } = await serveSchool('hiring', (own, once) => [
    ...assignmentRoutes({
      database: own,
      once,
      random: systemRandom,
      tasks: { fresh: async () => new Map() },
      authors: aReader('COMM-010'),
    }),
    ...ratingRoutes(own),
  ])
  open.push(database)
  await database.query(
    `insert into task (task_id, creator_id, title, text, questions, revision) values ('t1', 'm1', 'T', 'X', '[{"question":"?","answer":"Yes"}]', 1)`,
  )
  await database.query(`insert into candidate (candidate_id, name) select 'c' || n, 'C' from generate_series(1, 8) as n`)
  await database.query(
    `insert into assignment (assignment_id, task_id, candidate_id) select 's' || n, 't1', 'c' || n from generate_series(1, 8) as n`,
  )
  return {
    async answer(candidate: number, right: boolean): Promise<readonly Told[]> {
      const before = told.length
      const body = { answers: [right ? 'yes' : 'no'] }
      assert.equal((await call(person(`c${candidate}`, 'candidate'), 'POST', `/assignments/s${candidate}/answer`, body)).status, 200)
      return told.slice(before)
    },
    /** COMM-060 by HTTP. */
    get: async (path: string) => (await call(service('bonuses', 'COMM-060'), 'GET', path)).body,
  }
}

/** Bonuses, which takes ratings from its owner by HTTP or from the copy. */
async function openBonuses(answers: 'http' | 'replica', owner: HttpClient) {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [
    { name: 'cutover', folder: fileURLToPath(new URL('../../../cutover/sql', import.meta.url)) },
    { name: 'bonuses', folder: fileURLToPath(new URL('../db', import.meta.url)) },
  ])
  await database.query(`insert into account (account_id, manager_id) values ('a1', 'm1')`)
  const { reader, definition, store, gather } = await readerOver(database, ratings, { answers, owner })
  const { onTaskCompleted } = openAwards({ managers: aReader<Manager>('COMM-070'), ratings: reader }, wholeTitles)
  const copy = replicaHandler(definition, store)
  const one = ({ factId, payload, revision }: Told): Incoming<never> =>
    ({
      factId,
      revision,
      businessKey: TaskCompleted.businessKey(payload as never, null),
      envelope: { payload, meta: { produced_at: '2026-01-01T00:00:00Z' } },
    }) as unknown as Incoming<never>
  return {
    database,
    gather: ({ factId }: Told) => gather(`${factId}:t1`),
    /** The rating arrives by event. */
    keep: (told: Told) =>
      database.transaction(async tx => {
        const message = one(told)
        const decision = copy.decide(message, null)
        assert.ok(decision.do === 'apply')
        return (await copy.apply([{ message, effect: decision.effect }], tx))[0]?.outcome
      }),
    /** The awards handler over one fact: what became of it. */
    book: (told: Told): Promise<string | undefined> =>
      database.transaction(async tx => {
        const message = one(told)
        const decision = onTaskCompleted.decide(message, await onTaskCompleted.lookup([message], tx))
        if (decision.do !== 'apply') return decision.do
        return (await onTaskCompleted.apply([{ message, effect: decision.effect }], tx))[0]?.outcome
      }),
    async booked(): Promise<readonly number[]> {
      return (await database.query<{ amount: number }>('select amount::int as amount from ledger', [])).rows.map(row => row.amount)
    },
  }
}

test('Problem-030: a retry that comes an hour and seven answers late computes the same amount, by HTTP as over the copy', async () => {
  const hiring = await openHiring()
  const [byHttp, byCopy] = [await openBonuses('http', anOwner(hiring.get)), await openBonuses('replica', anOwner(hiring.get))]
  const [completed = assert.fail(), rating = assert.fail()] = await hiring.answer(1, true)
  assert.deepEqual([await byHttp.book(completed), await byCopy.book(completed)], ['wait', 'wait'])
  for (let candidate = 2; candidate <= 8; candidate++) await hiring.answer(candidate, false)
  assert.deepEqual(await hiring.get('/tasks/t1/rating'), { task_id: 't1', rating: 80 })

  assert.equal(await byHttp.gather(completed), true)
  assert.equal(await byCopy.keep(rating), 'done')
  for (const bonuses of [byHttp, byCopy]) {
    assert.equal(await bonuses.book(completed), 'done')
    assert.equal(await bonuses.book(completed), 'duplicate')
    assert.deepEqual(await bonuses.booked(), [660])
  }
})

test('Problem-030: a repeat after all that was gathered is forgotten gathers the same rating and changes nothing', async () => {
  const hiring = await openHiring()
  const { database, gather, book, booked } = await openBonuses('http', anOwner(hiring.get))
  const [completed = assert.fail()] = await hiring.answer(1, true)
  await gather(completed)
  assert.equal(await book(completed), 'done')
  await hiring.answer(2, false)
  await openReadingStore(database).forget(0)
  assert.equal(await book(completed), 'wait')
  await gather(completed)
  assert.equal(await book(completed), 'duplicate')
  assert.deepEqual(await booked(), [660])
})

test('Problem-030: a repeat with another rating is a conflict, and the first booking stands, by HTTP as over the copy', async () => {
  const hiring = await openHiring()
  // An owner that answers with the rating as it is now, in the clothes of one as of the outcome.
  const careless = anOwner(async path => {
    const [task = '', outcome = ''] = path.split('?outcome=')
    return { ...(await hiring.get(task)), outcome_id: outcome }
  })
  const [byHttp, byCopy] = [await openBonuses('http', careless), await openBonuses('replica', careless)]
  const [completed = assert.fail(), rating = assert.fail()] = await hiring.answer(1, true)
  await byHttp.gather(completed)
  await byCopy.keep(rating)
  for (const bonuses of [byHttp, byCopy]) assert.equal(await bonuses.book(completed), 'done')
  await hiring.answer(2, false)
  // The same outcome, stated anew under another id, with the rating of then.
  const again = { ...completed, factId: systemRandom.uuid() }
  await byHttp.gather(again)
  await byCopy.keep({ ...rating, factId: systemRandom.uuid(), payload: { task_id: 't1', outcome_id: again.factId, rating: 50 } })
  for (const bonuses of [byHttp, byCopy]) {
    assert.equal(await bonuses.book(again), 'conflict')
    assert.deepEqual(await bonuses.booked(), [660])
  }
})

test('the rating as it is now is no rating of an outcome: who is answered with it keeps nothing and waits on', async () => {
  const hiring = await openHiring()
  const { gather, book } = await openBonuses(
    'http',
    anOwner(path => hiring.get(path.replace(/\?.*/, ''))),
  )
  const [completed = assert.fail()] = await hiring.answer(1, true)
  await assert.rejects(gather(completed), /not a row/)
  assert.equal(await book(completed), 'wait')
})
