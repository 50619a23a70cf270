import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { aFact, Counted, countingDatabase, countLink, effectsIn, openAdding, tracesIn } from '../../tests/counting.ts'
import type { Database } from '../database/database.ts'
import { Unreachable } from '../http/client.ts'
import { systemClock } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openRegistry } from '../registry/registry.ts'
import type { Gather } from './handler.ts'
import { runParked } from './parked.ts'
import { openReceiveStore } from './postgres.ts'
import { openReceiver } from './receiver.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Waiting {
  readonly database: Database
  /** Looks once at what is due. */
  look(gather: Gather): Promise<void>
}

/** Facts that have waited for longer than anything may, for what their keys name. */
async function setup(...needs: readonly string[]): Promise<Waiting> {
  const database = await countingDatabase()
  open.push(database)
  const store = openReceiveStore(database)
  const receiver = openReceiver(countLink, openAdding().handler, openRegistry([Counted]), store)
  await database.transaction(tx =>
    receiver.receive(
      tx,
      needs.map(one => aFact(one, { needs: one })),
      'event',
    ),
  )
  await database.query(`update parked set parked_at = now() - interval '3 days'`)
  return {
    database,
    async look(gather) {
      await database.query('update parked set next_at = now()')
      const stop = new AbortController()
      const clock = { ...systemClock, sleep: async () => stop.abort() }
      await runParked({ store, receivers: new Map([[countLink.id, receiver]]), gather, clock, log, received: () => undefined }, stop.signal)
    },
  }
}

const away: Gather = () => Promise.reject(new Unreachable('refused', { sent: false }))

test('what waits for somebody who is away is not buried, for as long as that takes, and comes back when they do', async () => {
  const { database, look } = await setup('m1')
  for (let round = 0; round < 3; round++) await look(away)
  assert.deepEqual([await tracesIn(database), await effectsIn(database)], [{ receipts: [], parked: ['m1'], dead: [], recorded: 0 }, []])
  await look(async waitsFor => {
    await database.query('insert into arrived values ($1)', [waitsFor])
    return true
  })
  assert.deepEqual(
    [await tracesIn(database), await effectsIn(database)],
    [{ receipts: ['done'], parked: [], dead: [], recorded: 0 }, ['m1:1']],
  )
})

test('what waits for something that its owner does not have goes to the dead letters after a day', async () => {
  const { database, look } = await setup('m1')
  await look(async () => false)
  assert.deepEqual(await tracesIn(database), { receipts: [], parked: [], dead: ['waited_too_long'], recorded: 0 })
})

test('one owner who is away spares nothing that waits for another', async () => {
  const { database, look } = await setup('here', 'there')
  await look((waitsFor, signal) => (waitsFor === 'there' ? away(waitsFor, signal) : Promise.resolve(false)))
  const { parked, dead } = await tracesIn(database)
  assert.deepEqual([parked, dead], [['there'], ['waited_too_long']])
})
