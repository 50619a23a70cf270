import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { systemClock } from 'cutover/process/clock'
import { openLog } from 'cutover/process/log'
import { freshDatabase, type TestDatabase } from '../../tests/database.ts'
import { type Lease, LeaseLost, openLease } from './lease.ts'

const log = openLog({ service: 'engine', instance: 'test', level: 'silent' })

describe('of two engines', () => {
  let own: TestDatabase
  let database: Database
  const all: Lease[] = []
  const engine = (name: string): Lease => {
    const lease = openLease(database, name, systemClock, log)
    all.push(lease)
    return lease
  }

  before(async () => {
    own = await freshDatabase()
    database = openDatabase({ url: own.url, name: 'lease-test', connectionsMax: 6, onIdleError: () => undefined })
    await installMigrations(database, [{ name: 'engine', folder: fileURLToPath(new URL('../sql', import.meta.url)) }])
  })
  after(async () => {
    for (const lease of all) await lease.stop()
    await database.close()
    await own.drop()
  })

  test('one acts; when it stops, the other does, under a higher term, and what the first still writes is refused', async () => {
    const first = engine('first')
    const second = engine('second')
    await first.start()
    await second.start()
    const term = first.required()
    assert.equal(second.term(), null)
    assert.throws(() => second.required(), { code: 'engine_standby' })
    await database.transaction(tx => first.hold(tx, term))

    await first.stop()
    while (second.term() === null) await systemClock.sleep(20)
    assert.ok(second.required() > term)
    await assert.rejects(
      database.transaction(tx => first.hold(tx, term)),
      LeaseLost,
    )
    await second.stop()
  })

  test('a term is never lower than the clock, so that a database made anew does not fall behind the services', async () => {
    const third = engine('third')
    await third.start()
    const { rows } = await database.query<{ now: number }>(`select extract(epoch from clock_timestamp())::float8 * 1000 as now`)
    assert.ok(Math.abs(third.required() - (rows[0]?.now ?? 0)) < 60_000)
    await third.stop()
  })
})
