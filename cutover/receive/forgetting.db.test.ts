import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { aFact, Counted, countingDatabase, countLink, effectsIn, openAdding } from '../../tests/counting.ts'
import type { Database } from '../database/database.ts'
import { systemClock } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openRegistry } from '../registry/registry.ts'
import { openForgetting } from './forgetting.ts'
import { openReceiveStore } from './postgres.ts'
import { openReceiver } from './receiver.ts'
import { forgottenMax } from './store.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup() {
  const database = await countingDatabase()
  open.push(database)
  const store = openReceiveStore(database)
  const left = async (): Promise<number[]> =>
    (await database.query<{ position: string }>('select position from receipt order by position', [])).rows.map(row => Number(row.position))
  return { database, store, left }
}

/** Receipts at these positions, `days` old. */
const receipts = (database: Database, positions: readonly number[], days: number, outcome = 'done'): Promise<unknown> =>
  database.query(
    `insert into receipt (link, fact_id, position, outcome, via, at)
     select 'L-1', gen_random_uuid(), p, $3, 'http', now() - $2::int * interval '1 day' from unnest($1::bigint[]) as p`,
    [positions, days, outcome],
  )

test('what is old and no longer compared goes; what is young, still compared, refused or written off stays', async () => {
  const { database, store, left } = await setup()
  await receipts(database, [1, 2, 4, 6], 8)
  await receipts(database, [3], 8, 'rejected')
  await receipts(database, [5], 8, 'written_off')
  await receipts(database, [7, 9], 6)
  await receipts(database, [8, 10], 8, 'duplicate')
  assert.equal(await store.forget('L-1', 0n, 6n, 7), 6n)
  assert.deepEqual(await left(), [3, 5, 7, 8, 9, 10])
  // Stops at the first that is young: those behind it are hardly older, and are looked at again then.
  assert.equal(await store.forget('L-1', 6n, 10n, 7), 6n)
  assert.equal(await store.forget('L-2', 0n, 10n, 7), 0n)
  assert.deepEqual(await left(), [3, 5, 7, 8, 9, 10])
})

test('nothing is forgotten before a sender has said from where on it compares, then all of it, some at a time', async () => {
  const { database, store, left } = await setup()
  const count = forgottenMax + 10
  await receipts(
    database,
    Array.from({ length: count }, (_, index) => index + 1),
    8,
  )
  const stop = new AbortController()
  const looks: number[] = []
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  const clock = {
    now: systemClock.now,
    async sleep() {
      looks.push((await left()).length)
      if (looks.length === 1) forgetting.compares('L-1', String(count - 5))
      if (looks.length === 4) stop.abort()
    },
  }
  const forgetting = openForgetting(store, clock, log)
  await forgetting.run(stop.signal)
  assert.deepEqual(looks, [count, 10, 5, 5])
})

test('a fact whose receipt is forgotten still has one effect, and a new receipt', async () => {
  const { database, store, left } = await setup()
  const receiver = openReceiver(countLink, openAdding().handler, openRegistry([Counted]), store)
  const fact = aFact('a', { position: 3 })
  const take = async (): Promise<string | undefined> =>
    (await database.transaction(tx => receiver.receive(tx, [fact], 'event'))).map(outcome => outcome.is)[0]
  assert.equal(await take(), 'done')
  await database.query(`update receipt set at = now() - interval '8 days'`, [])
  await store.forget('L-1', 0n, 3n, 7)
  assert.deepEqual(await left(), [])
  assert.equal(await take(), 'duplicate')
  assert.deepEqual([await effectsIn(database), await left()], [['a:1'], [3]])
})
