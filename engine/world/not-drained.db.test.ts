import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from 'cutover/failure'
import { Counted } from '../../tests/counting.ts'
import { link, openTwo } from '../../tests/draining.ts'
import { figure } from '../../tests/tables.ts'
import { countDraining } from './draining.ts'

// Each case looks at one place first, as one would who has no count: nothing is left there. The count says otherwise, and
// says drained when the fact is terminal, not before.

const swept = `select coalesce(max(position), 0) from relay_lane where lane = 'sweep:L-1'`
const passedByHttp = `select count(*) from outbox where position > (select position from relay_lane where lane = 'http:L-1')`
const aside = '(select count(*) from parked) + (select count(*) from dead_letter)'

test('not drained: a transaction of the old epoch is open, and the outbox is empty', async context => {
  const { open, flip, gate, call, sending } = await openTwo(context)
  const { commit } = await open('a')
  const flipping = flip('event')
  assert.equal(await figure(sending.database, 'select count(*) from outbox'), 0)
  assert.equal(await gate('http'), 'drained_route', 'the switch cannot have moved while it is open')
  await commit()
  await flipping
  assert.equal(await gate('http'), 'drained_waits')
  await call()
  assert.equal(await gate('http'), 'drained')
})

test('not drained: a fact lies in a gap behind one that was delivered, and a cursor by position is beyond both', async context => {
  const { open, state, message, take, flip, gate, call, sending } = await openTwo(context)
  const first = await open('a')
  const second = await message(await state('b'))
  await take('http', second)
  await first.commit()
  await flip('event')
  assert.equal(await figure(sending.database, `select count(*) from outbox where position > ${second.position}`), 0)
  assert.equal(await gate('http'), 'drained_waits')
  await call()
  assert.equal(await gate('http'), 'drained')
})

test('not drained: a fact is published, the relay has passed it, and nobody has read it', async context => {
  const { state, publish, consume, flip, gate, sending } = await openTwo(context)
  await flip('event')
  await state('a')
  await publish()
  await flip('http')
  const beyond = `select count(*) from outbox where position > (select position from relay_lane where lane = 'event')`
  assert.equal(await figure(sending.database, beyond), 0)
  assert.equal(await gate('event'), 'drained_waits')
  await consume()
  assert.equal(await gate('event'), 'drained')
})

test('not drained: a fact is read, and the consumer has parked it', async context => {
  const { state, publish, consume, lag, flip, gate, count } = await openTwo(context)
  await flip('event')
  await state('a', 'rating:1')
  await publish()
  assert.deepEqual(await consume(), ['parked'])
  await flip('http')
  assert.equal(await lag(), 0)
  assert.equal(await gate('event'), 'drained_waits')
  assert.equal((await count('event')).parked, 1)
})

test('not drained: a fact is read, and it is a dead letter at the receiver', async context => {
  const { state, message, take, receiving, flip, gate, count } = await openTwo(context)
  await flip('event')
  const fact = await message(await state('a'))
  assert.deepEqual(await take('event', { ...fact, businessKey: 'Counted:other' }), ['dead'])
  await flip('http')
  assert.equal(await figure(receiving.database, 'select count(*) from parked'), 0)
  assert.equal(await gate('event'), 'drained_waits')
  assert.equal((await count('event')).dead, 1)
})

test('not drained: the dead letter is being replayed, and none is open', async context => {
  const { state, message, take, receiving, flip, gate } = await openTwo(context)
  await flip('event')
  const fact = await message(await state('a'))
  await take('event', { ...fact, businessKey: 'Counted:other' })
  await flip('http')
  await receiving.database.query(`update dead_letter set state = 'replaying'`)
  assert.equal(await figure(receiving.database, `select count(*) from dead_letter where state = 'open'`), 0)
  assert.equal(await gate('event'), 'drained_waits')
  // Also between the end of the replay and its effect, when it is in no place at all.
  await receiving.database.query(`update dead_letter set state = 'resolved'`)
  assert.equal(await figure(receiving.database, `select count(*) from dead_letter where state <> 'resolved'`), 0)
  assert.equal(await gate('event'), 'drained_waits')
  await take('event', fact)
  assert.equal(await gate('event'), 'drained')
})

test('not drained: a delivery is a dead letter at the sender, and no retry waits for it', async context => {
  const { state, call, sending, receiving, flip, gate, count } = await openTwo(context)
  const fact = await state('a')
  // Bytes that the receiver refuses for good.
  await sending.database.query(`update outbox set bytes = replace(bytes, '"amount":1', '"amount":"one"')`)
  await call()
  await flip('event')
  assert.equal(await figure(sending.database, `select count(*) from dead_letter where fact_id = '${fact}'`), 1)
  assert.deepEqual([await sending.stores.relay.retries(), await figure(receiving.database, aside)], [0, 0])
  assert.equal(await gate('http'), 'drained_waits')
  assert.equal((await count('http')).dead, 1)
})

test('not drained: a delivery waits for its next try, and the lane has passed the fact', async context => {
  const { state, call, sending, adding, flip, gate, count } = await openTwo(context)
  const fact = await state('a')
  adding.poisonous.add('a')
  await call()
  await flip('event')
  assert.equal(await figure(sending.database, passedByHttp), 0)
  assert.equal(await gate('http'), 'drained_waits')
  assert.equal((await count('http')).retrying, 1)
  adding.poisonous.clear()
  await sending.database.query(`update http_retry set next_at = now() where fact_id = '${fact}'`)
  await call()
  assert.equal(await gate('http'), 'drained')
})

test('not drained: the sender has given a call up, and the receiver is still at it', async context => {
  const { state, message, takeSlowly, receiving, flip, gate } = await openTwo(context)
  const { commit } = await takeSlowly('http', await message(await state('a')))
  await flip('event')
  assert.equal(await figure(receiving.database, aside), 0)
  assert.equal(await gate('http'), 'drained_waits')
  await commit()
  assert.equal(await gate('http'), 'drained')
})

test('not drained: an instance of the receiver sleeps over a batch, and the log has nothing new for anybody', async context => {
  const { state, message, publish, takeSlowly, receiving, flip, gate } = await openTwo(context)
  await flip('event')
  const fact = await message(await state('a'))
  await publish()
  const { commit } = await takeSlowly('event', fact)
  await flip('http')
  assert.equal(await figure(receiving.database, aside), 0)
  assert.equal(await gate('event'), 'drained_waits')
  await commit()
  assert.equal(await gate('event'), 'drained')
})

test('not drained: a fact was carried over, and the outbox has nothing beyond the sweep', async context => {
  const { state, message, call, sweep, sending, receiving, flip, gate, take } = await openTwo(context)
  const fact = await message(await state('a', 'rating:1'))
  await call()
  await sweep()
  await flip('event')
  assert.equal(await figure(sending.database, `select count(*) from outbox where position > (${swept})`), 0)
  assert.equal(await gate('http'), 'drained_waits')
  await sending.database.query('delete from outbox')
  assert.equal(await gate('http'), 'drained_waits', 'its partition may be gone')
  await receiving.database.query(`insert into arrived values ('rating:1')`)
  await take('http', fact)
  assert.equal(await gate('http'), 'drained')
})

test('not drained: the receiver was restored from a backup, and the sweep has passed every fact', async context => {
  const { state, call, sweep, backup, sending, flip, gate } = await openTwo(context)
  await state('a')
  await call()
  await sweep()
  const restore = await backup()
  await state('b')
  await call()
  await sweep()
  await flip('event')
  assert.equal(await gate('http'), 'drained')
  await restore()
  assert.equal(await figure(sending.database, `select count(*) from outbox where position > (${swept})`), 0)
  assert.equal(await gate('http'), 'drained_waits')
  // The sweep falls back, and what was lost is sent again.
  await sweep()
  assert.equal(await figure(sending.database, swept), 1)
  await sweep()
  await call()
  assert.equal(await gate('http'), 'drained')
})

test('not drained: the receiver was restored, and the sender does not hold any more what it has lost', async context => {
  const { state, call, sweep, backup, sending, flip, gate } = await openTwo(context)
  const restore = await backup()
  await state('a')
  await call()
  await sweep()
  await flip('event')
  await restore()
  await sending.database.query('delete from outbox')
  assert.equal(await figure(sending.database, 'select count(*) from outbox'), 0)
  assert.equal(await gate('http'), 'drained_gone')
})

test('not drained: the log has lost what it held, and there is nothing in it to be read', async context => {
  const { state, publish, consume, lag, broker, sweep, sending, flip, gate } = await openTwo(context)
  await flip('event')
  await state('a')
  await publish()
  await broker.deleteTopic(Counted.topic)
  await flip('http')
  assert.equal(await lag(), 0)
  assert.equal(await gate('event'), 'drained_waits')
  // The sweep finds it without a receipt, and sends it again.
  await sending.database.query(`insert into relay_lane (lane, position) values ('http:L-1', 1)`)
  await sweep()
  assert.deepEqual(await consume(), ['done'])
  assert.equal(await gate('event'), 'drained')
})

test('not drained: the sender stands below an epoch that it has stated facts under, and holds none that is open', async context => {
  const { state, message, call, take, sending, flip, gate, count } = await openTwo(context)
  const fact = await message(await state('a'))
  await call()
  await flip('event')
  assert.equal(await gate('http'), 'drained')
  // Of the time that the sender has lost with its database.
  await take('event', { ...fact, factId: fact.factId.replace(/.$/, '0'), stamps: { 'L-1': { route: 'event', epoch: 9 } } })
  assert.equal((await count('http')).outstanding, 0)
  assert.equal((await sending.stores.switch.read()).seen, 0, 'the sender has not heard of it yet')
  assert.equal(await gate('http'), 'drained_behind')
})

test('not drained: the receiver is away, and the sender has nothing open', async context => {
  const { state, call, sweep, reach, sending, flip, gate } = await openTwo(context)
  await state('a')
  await call()
  await sweep()
  await flip('event')
  await reach(false)
  assert.deepEqual(await sending.stores.relay.open(['L-1']), { 'L-1': 0 })
  await assert.rejects(gate('http'), { code: 'service_away' })
})

test('not drained: an instance says not of which build it is, and every fact that is known is terminal', async context => {
  const { state, call, sending, flip, gate, count } = await openTwo(context)
  await state('a')
  await call()
  await flip('event')
  await sending.database.query(`insert into instance (id, until, capabilities) values ('hiring-0', 'infinity', '{}')`)
  assert.equal((await count('http')).outstanding, 0)
  assert.equal(await gate('http'), 'drained_unknown')
})

test('not drained: a service is of a build that cannot count, and answers all the same', async () => {
  const refused = new Problem('service_refused', { detail: 'not found', extensions: { service: 'bonuses', service_status: 404 } })
  await assert.rejects(
    countDraining(async () => Promise.reject(refused), link, 'http'),
    { code: 'drained_doubtful', retryable: true, message: /bonuses is of a build that cannot count/ },
  )
})
