import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aFact, countingDatabase, countLink, tracesIn } from '../../tests/counting.ts'
import { Crash, crashing } from '../../tests/crashing.ts'
import { type DeadLetters, moneyLink, openDeadLetters } from '../../tests/dead-letters.ts'
import { openFakeCourier, openStating } from '../../tests/stating.ts'
import type { Database } from '../database/database.ts'
import { openRelayStore } from '../relay/postgres.ts'
import type { Job } from './store.ts'

/** Lets a holder crash at each of its statements in turn, lets another one end the job, and looks. */
async function crashEverywhere(
  database: Database,
  begin: () => Promise<Job>,
  as: (database: Database) => Promise<DeadLetters>,
  look: (ended: Job, place: string) => Promise<void>,
): Promise<void> {
  for (const when of ['before', 'after'] as const) {
    let crashes = 0
    for (let at = 0; ; at++, crashes++) {
      const job = await begin()
      const ill = crashing(database, at, when)
      await (
        await as(ill.database)
      )
        .finish(job, 'dying')
        .catch((error: unknown) => assert.ok(ill.crashed() || error instanceof Crash, String(error)))
      await database.query(`update dead_letter_job set until = '-infinity'`)
      await look(await (await as(database)).finish(job, 'next'), `crash ${when} statement ${at}`)
      if (!ill.crashed()) break
    }
    assert.ok(crashes > 5, `only ${crashes} statements`)
  }
}

test('killed anywhere, a write-off ends the same: one receipt, and the letter written off', async context => {
  const database = await countingDatabase()
  context.after(() => database.close())
  const as = (some: Database): Promise<DeadLetters> => openDeadLetters({ database: some, link: moneyLink })
  const well = await as(database)
  await crashEverywhere(
    database,
    async () => {
      await database.query('truncate dead_letter, dead_letter_job, dead_letter_item, dead_letter_edit, receipt')
      await well.die('handler_error', aFact('a'), aFact('b'))
      const job = await well.order('write_off', { link: 'L-1' })
      return well.orders.approve(job.id, 'approver')
    },
    as,
    async (ended, place) => {
      assert.deepEqual([ended.state, ended.outcomes], ['done', { written_off: 2 }], place)
      assert.deepEqual(await well.states(), ['written_off', 'written_off'], place)
      assert.deepEqual((await tracesIn(database)).receipts, ['written_off', 'written_off'], place)
    },
  )
})

test('killed anywhere, a replay over the link ends the same: a receipt, and the letter resolved', async context => {
  const { database, state } = await openStating()
  context.after(() => database.close())
  const courier = openFakeCourier(database)
  const couriers = new Map([['L-1', courier]])
  const as = (some: Database): Promise<DeadLetters> => openDeadLetters({ database: some, service: 'counting', link: countLink, couriers })
  const well = await as(database)
  const relay = openRelayStore(database)
  await crashEverywhere(
    database,
    async () => {
      await database.query('truncate dead_letter, dead_letter_job, dead_letter_item, dead_letter_edit, receipt, outbox')
      for (const key of ['a', 'b']) {
        await state(key)
        const { rows } = await database.query<never>('select * from outbox order by position desc limit 1')
        await relay.bury('L-1', rows[0] as never, 1, 'message_invalid', 'no')
      }
      return well.order('replay', { link: 'L-1' })
    },
    as,
    async (ended, place) => {
      assert.deepEqual([ended.state, ended.outcomes], ['done', { done: 2 }], place)
      assert.deepEqual(await well.states(), ['resolved', 'resolved'], place)
      assert.deepEqual((await tracesIn(database)).receipts, ['done', 'done'], place)
    },
  )
})

test('a letter of the sender that is refused anew is open again, wherever its refusal was met', async context => {
  const { database, state } = await openStating()
  context.after(() => database.close())
  const letters = await openDeadLetters({ database, service: 'counting', couriers: new Map([['L-1', openFakeCourier(database)]]) })
  await state('a')
  const { rows } = await database.query<never>('select * from outbox')
  const relay = openRelayStore(database)
  await relay.bury('L-1', rows[0] as never, 1, 'message_invalid', 'no')
  assert.deepEqual((await letters.finish(await letters.order('replay', { link: 'L-1' }))).outcomes, { done: 1 })
  // Its receiver was restored to before that, is called by the sweep's retry, and refuses once more.
  await relay.bury('L-1', rows[0] as never, 8, 'message_invalid', 'no again')
  assert.deepEqual(await letters.states(), ['open'])
  const { rows: counted } = await database.query('select attempts, error from dead_letter')
  assert.deepEqual(counted, [{ attempts: 9, error: 'no again' }])
})
