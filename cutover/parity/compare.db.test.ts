import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { aFact, Counted, countingDatabase, countLink, effectsIn, openAdding } from '../../tests/counting.ts'
import type { Message } from '../contract/message.ts'
import type { Database } from '../database/database.ts'
import type { Via } from '../receive/judge.ts'
import { openReceiveStore } from '../receive/postgres.ts'
import { openReceiver } from '../receive/receiver.ts'
import { openRegistry } from '../registry/registry.ts'
import { compareOnce } from './compare.ts'
import { absentMs, lateMs } from './judge.ts'
import { openParityStore } from './postgres.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup() {
  const database = await countingDatabase()
  open.push(database)
  const adding = openAdding()
  const registry = openRegistry([Counted])
  const store = openParityStore(database)
  const receiver = openReceiver(countLink, adding.handler, registry, openReceiveStore(database))
  return {
    ...adding,
    database,
    take: (messages: readonly Message[], via: Via) => database.transaction(tx => receiver.receive(tx, messages, via)),
    compare: () => database.transaction(tx => compareOnce(tx, store, { link: countLink.id, handler: adding.handler }, registry)),
    totals: async (since = 1) => {
      const { facts, rate: _, ...counts } = await store.totals(countLink.id, since, 5_000)
      return { facts, ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)) }
    },
    pairs: (verdict: string | null = null, key: string | null = null) => store.pairs(countLink.id, 1, { verdict, key }),
    /** Lets time pass for what is stored. */
    age: (ms: number) =>
      database.query(`update parity set acted_at = acted_at - $1 * interval '1 ms', recorded_at = recorded_at - $1 * interval '1 ms'`, [
        ms,
      ]),
  }
}

/** A fact that is called and, in shadow, published. */
const shadowed = (key: string, amount = 1, needs = ''): Message => ({
  ...aFact(key, { amount, needs }),
  stamps: { 'L-1': { route: 'http', epoch: 3, shadow: true } },
})

test('what comes by both routes is compared once, by its business key; only HTTP has an effect', async () => {
  const { database, take, compare, totals, pairs } = await setup()
  const facts = [shadowed('a'), shadowed('b', 7)]
  await take(facts, 'event')
  await take(facts, 'http')
  await take(facts, 'event')
  assert.deepEqual(await effectsIn(database), ['a:1', 'b:7'])
  assert.equal(await compare(), 2)
  assert.equal(await compare(), 0)
  assert.deepEqual(await totals(), { facts: 2, equal: 2 })
  const [pair] = await pairs(null, 'Counted:b')
  assert.deepEqual([pair?.verdict, pair?.by_http, pair?.by_event], ['equal', { amount: 7 }, { amount: 7 }])
})

test('what is stated before the shadow began is no part of the comparison', async () => {
  const { take, compare, totals } = await setup()
  const facts = [shadowed('a')]
  await take(facts, 'http')
  await take(facts, 'event')
  await compare()
  assert.deepEqual(await totals(4), { facts: 0 })
  await take([{ ...aFact('plain', { route: 'http' }) }], 'http')
  assert.deepEqual(await totals(), { facts: 1, equal: 1 })
})

test('a route that would do something else is found, with both effects', async () => {
  const { database, take, compare, totals, pairs } = await setup()
  const fact = shadowed('a', 5)
  await take([fact], 'http')
  // What a receiver with another policy would have stored.
  await database.query(`update effect set amount = 6 where key = 'a'`)
  await take([fact], 'event')
  await compare()
  assert.deepEqual(await totals(), { facts: 1, different: 1 })
  assert.deepEqual(
    (await pairs('different')).map(one => [one.key, one.by_http, one.by_event]),
    [['Counted:a', { amount: 6 }, { amount: 5 }]],
  )
})

test('a fact whose event does not come is missing, and equal but late when it comes after all', async () => {
  const { take, compare, totals, age } = await setup()
  const fact = shadowed('a')
  await take([fact], 'http')
  await compare()
  assert.deepEqual(await totals(), { facts: 0, undecided: 1 })
  await age(absentMs + 1)
  await compare()
  assert.deepEqual(await totals(), { facts: 1, missing: 1 })
  await take([fact], 'event')
  await compare()
  assert.deepEqual(await totals(), { facts: 1, late: 1 })
})

test('an event on which HTTP does not act is extra, and no longer when it has', async () => {
  const { take, compare, totals, age } = await setup()
  const fact = shadowed('a')
  await take([fact], 'event')
  await compare()
  assert.deepEqual(await totals(), { facts: 0, undecided: 1 })
  await age(absentMs + 1)
  await compare()
  assert.deepEqual(await totals(), { facts: 1, extra: 1 })
  await take([fact], 'http')
  await compare()
  assert.deepEqual(await totals(), { facts: 1, late: 1 })
})

test('a pair is not judged before what it waits for has come', async () => {
  const { database, take, compare, totals } = await setup()
  const fact = shadowed('a', 1, 'rating')
  await take([fact], 'event')
  await take([fact], 'http')
  await compare()
  assert.deepEqual(await totals(), { facts: 0, undecided: 1 })
  await database.query(`insert into arrived values ('rating')`)
  await take([fact], 'http')
  await compare()
  assert.deepEqual(await totals(), { facts: 1, equal: 1 })
})

test('refusals by the same rule are equal', async () => {
  const { take, compare, totals, refused } = await setup()
  refused.add('a')
  const fact = shadowed('a')
  await take([fact], 'http')
  await take([fact], 'event')
  await compare()
  assert.deepEqual(await totals(), { facts: 1, equal: 1 })
})

test('equal pairs keep no message; different ones keep theirs', async () => {
  const { database, take, compare, age } = await setup()
  const [same, other] = [shadowed('same'), shadowed('other', 5)]
  await take([same, other], 'http')
  await database.query(`update effect set amount = 6 where key = 'other'`)
  await age(lateMs + 1)
  await take([same, other], 'event')
  await compare()
  const { rows } = await database.query<{ verdict: string; kept: boolean }>(
    'select verdict, bytes is not null as kept from parity order by business_key',
    [],
  )
  assert.deepEqual(rows, [
    { verdict: 'different', kept: true },
    { verdict: 'late', kept: false },
  ])
})
