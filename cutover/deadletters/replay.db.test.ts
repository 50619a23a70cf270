import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { aFact, countingDatabase, effectsIn, openAdding, tracesIn } from '../../tests/counting.ts'
import { Crash, crashing } from '../../tests/crashing.ts'
import { type DeadLetters, moneyLink, openDeadLetters } from '../../tests/dead-letters.ts'
import { Problem } from '../failure/problem.ts'
import { openReceiveStore } from '../receive/postgres.ts'

async function setup(context: TestContext, more: Parameters<typeof openDeadLetters>[0] = {}): Promise<DeadLetters> {
  const letters = await openDeadLetters(more)
  context.after(() => letters.database.close())
  return letters
}

const code = (wanted: string) => (error: unknown) => error instanceof Problem && error.code === wanted

test('a letter that is replayed acts, once, and is resolved with its receipt', async context => {
  const { die, order, finish, database, states, received } = await setup(context)
  const [letter = ''] = await die('handler_error', aFact('a'))
  const job = await finish(await order('replay', { ids: [letter] }))
  assert.deepEqual([job.state, job.total, job.left, job.outcomes], ['done', 1, 0, { done: 1 }])
  assert.deepEqual(await effectsIn(database), ['a:1'])
  assert.deepEqual(await states(), ['resolved'])
  assert.deepEqual((await tracesIn(database)).receipts, ['done'])
  assert.deepEqual(received, [{ is: 'done' }])
  await assert.rejects(order('replay', { ids: [letter] }), code('already_resolved'))
})

test('of two orders at the same time one claims the letters, the other is refused, and every letter acts once', async context => {
  const { die, order, finish, database, adding } = await setup(context)
  const ids = await die('handler_error', ...['a', 'b', 'c', 'd'].map(key => aFact(key)))
  const both = await Promise.allSettled([order('replay', { ids }), order('replay', { ids }), order('replay', { link: 'L-1' })])
  const jobs = both.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  assert.equal(jobs.length, 1)
  for (const one of both)
    if (one.status === 'rejected')
      assert.ok(['dead_letter_claimed', 'dead_letters_none'].includes((one.reason as Problem).code), String(one.reason))
  const [job] = jobs
  assert.ok(job !== undefined)
  // Two instances work on it at the same time: only one of them has the lease.
  await Promise.all([finish(job, 'adding-1'), finish(job, 'adding-2')])
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1', 'c:1', 'd:1'])
  assert.equal(adding.applied.flat().length, 4)
})

test('the same request again is the same job', async context => {
  const { die, order } = await setup(context)
  await die('handler_error', aFact('a'))
  const request = '01980000-0000-7000-8000-000000000001'
  const [first, second] = [await order('replay', { link: 'L-1' }, { request }), await order('replay', { link: 'L-1' }, { request })]
  assert.deepEqual([first.id, first.total], [second.id, 1])
})

test('when the first of a group fails again, the others are left alone and free', async context => {
  const { die, order, finish, adding, states, store, database } = await setup(context)
  const [first = ''] = await die('handler_error', aFact('a'), aFact('b'), aFact('c'))
  adding.poisonous.add('a')
  const job = await finish(await order('replay', { link: 'L-1' }))
  assert.deepEqual([job.state, job.trouble, job.outcomes], ['held', 'canary_failed', { failed: 1, left: 2 }])
  assert.deepEqual(await states(), ['open', 'open', 'open'])
  assert.deepEqual(await effectsIn(database), [])
  const letter = await store.letter(first)
  assert.deepEqual([letter?.attempts, letter?.code, letter?.job], [6, 'handler_error', null])
  assert.deepEqual(
    (await store.history(first)).map(({ what, outcome }) => [what, outcome]),
    [
      ['failed', 'handler_error'],
      ['replay', 'failed'],
    ],
  )
  adding.poisonous.clear()
  assert.deepEqual((await finish(await order('replay', { link: 'L-1' }))).outcomes, { done: 3 })
})

test('one that fails behind the first fails alone', async context => {
  const { die, order, finish, adding, states } = await setup(context)
  await die('handler_error', aFact('a'), aFact('b'), aFact('c'))
  adding.poisonous.add('b')
  const job = await finish(await order('replay', { link: 'L-1' }))
  assert.deepEqual([job.state, job.outcomes], ['done', { done: 2, failed: 1 }])
  assert.deepEqual(await states(), ['resolved', 'open', 'resolved'])
})

test('a dry run tells what would act and what is a repeat, and changes nothing', async context => {
  const { die, order, finish, database, adding, receiver, states } = await setup(context)
  const [done, refused, poison, waiting] = [aFact('done'), aFact('refused'), aFact('poison'), aFact('waiting', { needs: 'x' })]
  await database.transaction(tx => receiver.receive(tx, [done], 'event'))
  await die('handler_error', done, refused, poison, waiting, aFact('fresh'), { ...aFact('odd'), bytes: 'no JSON' })
  adding.refused.add('refused')
  adding.poisonous.add('poison')
  const before = await tracesIn(database)
  const job = await finish(await order('rehearsal', { link: 'L-1' }))
  assert.deepEqual(job.outcomes, { duplicate: 1, rejected: 1, failed: 2, parked: 1, would_act: 1 })
  assert.deepEqual(await effectsIn(database), ['done:1'])
  assert.deepEqual(await tracesIn(database), before)
  assert.deepEqual(new Set(await states()), new Set(['open']))
})

test('what has to wait goes to the parked ones, and comes back as a dead letter when it waits too long', async context => {
  const { die, order, finish, database, states } = await setup(context)
  const fact = aFact('a', { needs: 'x' })
  const [letter = ''] = await die('waited_too_long', fact)
  assert.deepEqual((await finish(await order('replay', { ids: [letter] }))).outcomes, { parked: 1 })
  assert.deepEqual([await states(), (await tracesIn(database)).parked], [['resolved'], ['x']])
  // The same letter again, from the same place.
  const { rows } = await database.query<{ origin: string }>('select origin from dead_letter')
  await database.transaction(tx =>
    openReceiveStore(database).bury(tx, 'L-1', [
      {
        factId: fact.factId,
        code: 'waited_too_long',
        error: 'again',
        attempts: 1,
        bytes: Buffer.from(fact.bytes),
        headers: {},
        origin: rows[0]?.origin ?? '',
      },
    ]),
  )
  assert.deepEqual(await states(), ['open'])
})

test('a job that is stopped gives back what it has not come to', async context => {
  const { die, order, orders, finish, states } = await setup(context)
  await die('handler_error', aFact('a'), aFact('b'))
  const job = await order('replay', { link: 'L-1' })
  assert.deepEqual(await states(), ['replaying', 'replaying'])
  await orders.stop(job.id)
  assert.deepEqual(await states(), ['open', 'open'])
  assert.deepEqual((await finish(job)).outcomes, { left: 2 })
  await assert.rejects(orders.stop(job.id), code('job_state'))
  assert.deepEqual((await finish(await order('replay', { link: 'L-1' }))).outcomes, { done: 2 })
})

test('more than a hundred need a second person, who is not the first', async context => {
  const { die, order, orders, finish, states, database } = await setup(context)
  await die('handler_error', ...Array.from({ length: 101 }, (_, index) => aFact(`k${index}`)))
  const job = await order('replay', { link: 'L-1' })
  assert.deepEqual([job.state, job.needs, job.total], ['waiting', ['count'], 101])
  assert.deepEqual((await finish(job)).left, 101)
  assert.deepEqual(await effectsIn(database), [])
  await assert.rejects(orders.approve(job.id, 'operator'), code('approval_own'))
  await orders.approve(job.id, 'approver')
  await assert.rejects(orders.approve(job.id, 'approver'), code('job_state'))
  assert.deepEqual((await finish(job)).outcomes, { done: 101 })
  assert.deepEqual(new Set(await states()), new Set(['resolved']))
})

test('a letter that kills whoever handles it is given up, and the others are left alone', async context => {
  const { die, order, finish, store, states, database, adding } = await setup(context)
  const [first = ''] = await die('handler_error', aFact('a'), aFact('b'))
  const job = await order('replay', { link: 'L-1' })
  for (const holder of ['one', 'two', 'three']) {
    const held = await store.take(holder, { receive: ['L-1'], relay: [] })
    const [item] = held === undefined ? [] : await store.next(job.id, { receive: ['L-1'], relay: [] }, 1)
    assert.ok(item !== undefined)
    await store.tried(job.id, item, true)
    // It dies here, and its lease runs out.
    await database.query(`update dead_letter_job set until = '-infinity'`)
  }
  assert.deepEqual((await finish(job)).outcomes, { failed: 1, left: 1 })
  assert.deepEqual([await states(), (await store.letter(first))?.code, adding.applied], [['open', 'open'], 'crash_loop', []])
})

test('letters add up in every state: ever is open, being replayed, resolved and written off', async context => {
  const { die, order, orders, finish, store } = await setup(context)
  const [a = '', b = '', c = '', d = ''] = await die('handler_error', ...['a', 'b', 'c', 'd'].map(key => aFact(key)))
  await finish(await order('replay', { ids: [a] }))
  const off = await order('write_off', { ids: [b] })
  await orders.approve(off.id, 'approver')
  await finish(off)
  await order('replay', { ids: [c] })
  assert.ok(d !== '')
  assert.deepEqual(await store.totals(), { open: 1, replaying: 1, resolved: 1, written_off: 1 })
  await assert.rejects(order('replay', { ids: [b] }), code('already_written_off'))
})

for (const when of ['before', 'after'] as const) {
  test(`killed ${when} any of its statements, a job ends the same`, async context => {
    let crashes = 0
    const database = await countingDatabase()
    context.after(() => database.close())
    for (let at = 0; ; at++) {
      await database.query('truncate dead_letter, dead_letter_job, dead_letter_item, dead_letter_edit, receipt, effect, epoch_seen')
      const adding = openAdding()
      const well = await openDeadLetters({ database, adding, link: moneyLink })
      await well.die('handler_error', aFact('a'), aFact('b'), aFact('poison'))
      adding.poisonous.add('poison')
      const job = await well.order('replay', { link: 'L-1' })
      const ill = crashing(database, at, when)
      const dying = await openDeadLetters({ database: ill.database, adding, link: moneyLink })
      await dying.finish(job, 'dying').catch((error: unknown) => assert.ok(ill.crashed() || error instanceof Crash, String(error)))
      // Its lease runs out.
      await database.query(`update dead_letter_job set until = '-infinity'`)
      const ended = await well.finish(job, 'next')
      const place = `crash ${when} statement ${at}`
      assert.deepEqual([ended.state, ended.outcomes], ['done', { done: 2, failed: 1 }], place)
      assert.deepEqual(await effectsIn(database), ['a:1', 'b:1'], place)
      assert.deepEqual(await well.states(), ['resolved', 'resolved', 'open'], place)
      const { rows } = await database.query<{ attempts: number }>('select attempts from dead_letter order by id')
      assert.deepEqual(
        rows.map(row => row.attempts),
        [5, 5, 6],
        place,
      )
      if (!ill.crashed()) break
      crashes++
    }
    assert.ok(crashes > 20, `only ${crashes} statements`)
  })
}
