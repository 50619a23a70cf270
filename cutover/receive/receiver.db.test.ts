import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Adding, aFact, Counted, countingDatabase, countLink, effectsIn, openAdding, tracesIn } from '../../tests/counting.ts'
import type { Message } from '../contract/message.ts'
import type { Database } from '../database/database.ts'
import { systemClock } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openRegistry } from '../registry/registry.ts'
import type { Via } from './judge.ts'
import type { Outcome } from './outcome.ts'
import { runParked } from './parked.ts'
import { openReceiveStore, wake } from './postgres.ts'
import { openReceiver, type Receiver } from './receiver.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Receiving extends Adding {
  readonly database: Database
  readonly receiver: Receiver
  /** Through one of the doors, in one transaction, as a consumer does: what nobody takes back is set aside. */
  take(messages: readonly Message[], via?: Via): Promise<string[]>
}

let origin = 0

async function setup(): Promise<Receiving> {
  const database = await countingDatabase()
  open.push(database)
  const adding = openAdding()
  const receiver = openReceiver(countLink, adding.handler, openRegistry([Counted]), openReceiveStore(database))
  const take: Receiving['take'] = (messages, via = 'event') =>
    database.transaction(async tx => {
      const outcomes = await receiver.receive(tx, messages, via)
      const each = messages.map((message, index) => ({ message, outcome: outcomes[index] as Outcome, origin: `o${origin++}` }))
      await receiver.setAside(tx, each)
      return outcomes.map(outcome => outcome.is)
    })
  return { ...adding, database, receiver, take }
}

const nothing = { receipts: [], parked: [], dead: [], recorded: 0 }

test('a fact that comes twice, twice at once, or by both doors is applied once', async () => {
  const { database, take } = await setup()
  const [again, both] = [aFact('again'), aFact('both')]
  assert.deepEqual(await take([again]), ['done'])
  assert.deepEqual(await take([again]), ['duplicate'])
  const twice = aFact('twice')
  assert.deepEqual(await take([twice, twice]), ['done', 'duplicate'])
  // Called under one epoch, sent again as an event by a sender that was restored from a backup: the key is shared.
  const called = { ...both, stamps: { 'L-1': { route: 'http', epoch: 1 } as const } }
  assert.deepEqual(await take([called], 'http'), ['done'])
  assert.deepEqual(await take([both]), ['duplicate'])
  assert.deepEqual(await effectsIn(database), ['again:1', 'both:1', 'twice:1'])
  assert.deepEqual(await tracesIn(database), { ...nothing, receipts: ['done', 'done', 'done'] })
})

test('two facts with one business key have one effect, in one batch and across batches', async () => {
  const { database, take } = await setup()
  assert.deepEqual(await take([aFact('a'), aFact('a')]), ['done', 'duplicate'])
  assert.deepEqual(await take([aFact('a')]), ['duplicate'])
  assert.deepEqual(await effectsIn(database), ['a:1'])
})

test('one fact through many doors at the same time is applied once', async () => {
  const { database, take } = await setup()
  const fact = aFact('a')
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => take([fact, aFact('b')])))
  assert.equal(outcomes.flat().filter(is => is === 'done').length, 2)
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1'])
})

test('a repeat with other content is a conflict: kept as a dead letter, and nothing changes', async () => {
  const { database, take } = await setup()
  const first = aFact('a')
  await take([first])
  assert.deepEqual(await take([aFact('a', { amount: 2 })]), ['conflict'])
  assert.deepEqual(await take([aFact('a', { amount: 3, factId: first.factId })]), ['conflict'])
  assert.deepEqual(await effectsIn(database), ['a:1'])
  assert.deepEqual(await tracesIn(database), { ...nothing, receipts: ['done'], dead: ['conflict', 'conflict'] })
  const { rows } = await database.query<{ error: string; bytes: Buffer }>('select error, bytes from dead_letter order by id')
  assert.match(rows[0]?.error ?? '', /First: 1\. This: 2\./)
  assert.match(rows[0]?.bytes.toString() ?? '', /"amount":2/)
})

test('within one batch too, a copy of a fact that differs is seen', async () => {
  const { database, take } = await setup()
  const fact = aFact('a')
  assert.deepEqual(await take([fact, aFact('a', { amount: 2, factId: fact.factId })]), ['done', 'conflict'])
  const other = aFact('b')
  assert.deepEqual(await take([{ ...other, bytes: 'not JSON' }, other, fact]), ['dead', 'done', 'duplicate'])
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1'])
  assert.deepEqual((await tracesIn(database)).dead, ['conflict', 'not_json'])
})

test('a refusal stays a refusal when the handler would accept by now, and what is done stays done', async () => {
  const { database, take, refused } = await setup()
  const [no, yes] = [aFact('no'), aFact('yes')]
  refused.add('no')
  assert.deepEqual(await take([no, yes]), ['rejected', 'done'])
  refused.clear()
  refused.add('yes')
  assert.deepEqual(await take([no, yes]), ['rejected', 'duplicate'])
  assert.deepEqual(await effectsIn(database), ['yes:1'])
  assert.deepEqual((await tracesIn(database)).receipts.toSorted(), ['done', 'rejected'])
})

test('an unknown version and a missing stamp are parked, never skipped', async () => {
  const { database, take } = await setup()
  assert.deepEqual(await take([aFact('a', { version: 1 }), { ...aFact('b'), stamps: {} }, aFact('c')]), ['parked', 'parked', 'done'])
  assert.deepEqual(await effectsIn(database), ['c:1'])
  assert.deepEqual(await tracesIn(database), { ...nothing, receipts: ['done'], parked: ['stamp_unknown:L-1', 'version:Counted:1'] })
})

test('an event whose authority is http is only recorded: no effect and no receipt', async () => {
  const { database, take } = await setup()
  assert.deepEqual(await take([{ ...aFact('a'), stamps: { 'L-1': { route: 'http', epoch: 1, shadow: true } } }]), ['recorded'])
  assert.deepEqual(await effectsIn(database), [])
  assert.deepEqual(await tracesIn(database), { ...nothing, recorded: 1 })
  const { rows } = await database.query<{ epoch: string; acted: string | null }>('select epoch, acted from parity')
  assert.deepEqual(rows, [{ epoch: '1', acted: null }])
})

const stamped = (key: string, epoch: number): Message => ({ ...aFact(key), stamps: { 'L-1': { route: 'event', epoch } } })

test('the highest epoch that a sender has shown is kept, and written when it rises, not with every message', async () => {
  const { database, take } = await setup()
  const store = openReceiveStore(database)
  const written = async (): Promise<unknown> => (await database.query('select epoch, xmin::text from epoch_seen', [])).rows
  assert.equal(await store.epochSeen('L-1'), 0)
  await take([stamped('a', 4), stamped('b', 6), stamped('c', 5)])
  assert.equal(await store.epochSeen('L-1'), 6)
  const once = await written()
  await take([stamped('d', 6)])
  await take([stamped('e', 2), { ...stamped('f', 9), source: 'elsewhere' }])
  assert.deepEqual(await written(), once)
  await take([stamped('g', 7)])
  assert.deepEqual([await store.epochSeen('L-1'), (await store.answer('L-1', [])).epoch], [7, 7])
})

test('an epoch whose message was undone is remembered with the next one', async () => {
  const { database, receiver, take } = await setup()
  const store = openReceiveStore(database)
  const undone = database.transaction(async tx => {
    await receiver.receive(tx, [stamped('a', 3)], 'event')
    throw new Error('the process ends here')
  })
  await assert.rejects(undone, /ends here/)
  assert.equal(await store.epochSeen('L-1'), 0)
  await take([stamped('a', 3)])
  assert.equal(await store.epochSeen('L-1'), 3)
})

test('a header that names another key than the payload does not make a fact a new one', async () => {
  const { database, take } = await setup()
  assert.deepEqual(await take([{ ...aFact('a'), businessKey: 'Counted:b' }]), ['dead'])
  assert.deepEqual(await effectsIn(database), [])
  assert.deepEqual((await tracesIn(database)).dead, ['key_mismatch'])
})

test('a transaction that fails after the effects leaves no trace of them', async () => {
  const { database, receiver } = await setup()
  const failing = database.transaction(async tx => {
    const outcomes = await receiver.receive(tx, [aFact('a'), aFact('b', { needs: 'x' })], 'event')
    assert.deepEqual([outcomes.map(one => one.is), await effectsIn(tx)], [['done', 'parked'], ['a:1']])
    throw new Error('the process ends here')
  })
  await assert.rejects(failing, /ends here/)
  assert.deepEqual(await effectsIn(database), [])
  assert.deepEqual(await tracesIn(database), nothing)
})

test('who cannot act parks what an event has the authority for, until one who can comes; and looks at nothing of it', async () => {
  const receiving = await setup()
  const { database, handler } = receiving
  const store = openReceiveStore(database)
  const recording = openReceiver(countLink, handler, openRegistry([Counted]), store, [])
  const called = { ...aFact('a', { needs: 'x' }), stamps: { 'L-1': { route: 'http', epoch: 1 } as const } }
  assert.deepEqual(await receiving.take([called], 'http'), ['parked'])
  const outcomes = await database.transaction(tx => recording.receive(tx, [aFact('b'), aFact('c', { needs: 'y' })], 'event'))
  assert.deepEqual(outcomes, [
    { is: 'parked', waitsFor: 'capability:act:L-1' },
    { is: 'parked', waitsFor: 'capability:act:L-1' },
  ])
  await database.query(`insert into arrived values ('x'), ('y')`)
  await database.query(`update parked set next_at = now() where waits_for = 'x'`)
  await onePass({ ...receiving, receiver: recording })
  assert.deepEqual((await tracesIn(database)).parked, ['capability:act:L-1', 'capability:act:L-1', 'x'])
  // One that has the door and reads no events acts on what came through the door.
  await onePass({ ...receiving, receiver: openReceiver(countLink, handler, openRegistry([Counted]), store, ['http']) })
  assert.deepEqual(await effectsIn(database), ['a:1'])
  await store.wakeAble(['capability:act:L-1'])
  assert.deepEqual(await parkedUntil(receiving, 2, all => all.length === 2), ['done', 'done'])
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:1', 'c:1'])
})

/** Looks once at what is due, in one instance. */
async function onePass({ database, receiver }: Receiving): Promise<void> {
  const stop = new AbortController()
  const clock = { ...systemClock, sleep: async () => stop.abort() }
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  const receivers = new Map([[countLink.id, receiver]])
  await runParked({ store: openReceiveStore(database), receivers, gather: undefined, clock, log, received: () => undefined }, stop.signal)
}

/** Runs what brings parked messages back, in as many instances, until `seen` says that all has been seen. */
async function parkedUntil(receiving: Receiving, instances: number, seen: (outcomes: readonly string[]) => boolean): Promise<string[]> {
  const stop = new AbortController()
  const outcomes: string[] = []
  const received = (_: string, some: readonly Outcome[]): void => {
    outcomes.push(...some.map(one => one.is).filter(is => is !== 'parked'))
    if (seen(outcomes)) stop.abort()
  }
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  const receivers = new Map([[countLink.id, receiving.receiver]])
  const one = { store: openReceiveStore(receiving.database), receivers, gather: undefined, clock: systemClock, log, received }
  await Promise.all(Array.from({ length: instances }, () => runParked(one, stop.signal)))
  return outcomes
}

test('what waits is parked once, and woken it comes back exactly once, whichever instance sees it', async () => {
  const receiving = await setup()
  const { database, take } = receiving
  const fact = aFact('a', { needs: 'rating:7' })
  const other = aFact('b', { needs: 'rating:8' })
  assert.deepEqual(await take([fact, other]), ['parked', 'parked'])
  assert.deepEqual(await take([fact]), ['parked'])
  assert.deepEqual((await tracesIn(database)).parked, ['rating:7', 'rating:8'])
  // Nobody would look for an hour: only the wake can bring it back.
  await database.query(`update parked set next_at = now() + interval '1 hour'`)
  await database.transaction(async tx => {
    await tx.query(`insert into arrived values ('rating:7')`)
    await wake(tx, ['rating:7'])
  })
  assert.deepEqual(await parkedUntil(receiving, 3, outcomes => outcomes.length > 0), ['done'])
  assert.deepEqual(await effectsIn(database), ['a:1'])
  assert.deepEqual(await tracesIn(database), { ...nothing, receipts: ['done'], parked: ['rating:8'] })
  assert.deepEqual(await take([fact]), ['duplicate'])
})

test('a parked message that fails by itself is set aside alone; the others come back', async () => {
  const receiving = await setup()
  const { database, take, poisonous } = receiving
  await take([aFact('a', { needs: 'x' }), aFact('bad', { needs: 'x' }), aFact('c', { needs: 'x' })])
  poisonous.add('bad')
  // It has been looked for before: the next look at which it fails is the last of its tries.
  await database.query(`update parked set tries = 5 where headers like '%Counted:bad%'`)
  await database.query(`insert into arrived values ('x')`)
  await database.transaction(tx => wake(tx, ['x']))
  await parkedUntil(receiving, 1, outcomes => outcomes.length >= 2)
  // The pass goes through all that is due before the loop stops, the bad one too.

  const { rows } = await database.query<{ code: string; error: string }>('select code, error from dead_letter')
  assert.deepEqual(await effectsIn(database), ['a:1', 'c:1'])
  assert.deepEqual(
    rows.map(row => row.code),
    ['handler_error'],
  )
  assert.match(rows[0]?.error ?? '', /poison\ufffd in bad/)
})
