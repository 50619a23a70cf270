import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { pino } from 'pino'
import { freshDatabase } from '../../tests/database.ts'
import { type Database, openDatabase } from './database.ts'
import { type Doorbell, openDoorbell } from './doorbell.ts'

const log = pino({ level: 'silent' })
const open: { close(): Promise<void> }[] = []
after(async () => {
  for (const one of open.toReversed()) await one.close()
})

// No wait in this file ends by its time-out: a ring that is lost shows as a test that hangs.
const forEverMs = 600_000

async function setup(): Promise<{ database: Database; adminUrl: string; bell: () => Doorbell }> {
  const { url, adminUrl } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
  open.push(database)
  const bell = (): Doorbell => {
    const doorbell = openDoorbell(database, log)
    open.push(doorbell)
    return doorbell
  }
  return { database, adminUrl, bell }
}

/** Listens, resolves once listening has begun, and then hands out a promise of the next ring. */
async function listening(doorbell: Doorbell, channel: string): Promise<() => Promise<void>> {
  let rung = Promise.withResolvers<void>()
  doorbell.listen(channel, () => {
    rung.resolve()
    rung = Promise.withResolvers<void>()
  })
  await rung.promise
  return () => rung.promise
}

test('a ring is heard by another instance, on its channel only', async () => {
  const { bell } = await setup()
  const [here, there] = [bell(), bell()]
  let others = 0
  const next = await listening(there, 'facts')
  await listening(there, 'other')
  there.listen('other', () => void others++)
  const heard = next()
  here.ring('facts')
  await heard
  assert.equal(others, 0)
})

test('rings that come while one is on its way become one', async () => {
  const { bell, database } = await setup()
  const { promise: mayGo, resolve: go } = Promise.withResolvers<void>()
  let sent = 0
  const slow: Database = {
    ...database,
    async query(text, values) {
      sent++
      await mayGo
      return database.query(text, values)
    },
  }
  const here = openDoorbell(slow, log)
  open.push(here)
  const next = await listening(bell(), 'facts')
  const heard = next()
  for (let n = 0; n < 100; n++) here.ring('facts')
  assert.equal(sent, 1)
  go()
  await heard
  await here.close()
  assert.ok(sent <= 2, `one on its way and one for all that came meanwhile, not ${sent}`)
})

test('a ring that comes while the loop looks ends its next wait at once', async () => {
  const { bell } = await setup()
  const [here, there] = [bell(), bell()]
  const next = await listening(there, 'facts')
  const attention = there.attend('facts')
  const heard = next()
  here.ring('facts')
  await heard
  await attention.wait(forEverMs)
  attention.end()
})

test('a wait ends by its time-out, by its signal, and by closing', async () => {
  const { bell } = await setup()
  const here = bell()
  await listening(here, 'facts')
  await here.wait('facts', 1)
  const abort = new AbortController()
  const aborted = here.wait('facts', forEverMs, abort.signal)
  abort.abort()
  await aborted
  await here.wait('facts', forEverMs, AbortSignal.abort())
  const closed = here.wait('facts', forEverMs)
  await here.close()
  await closed
})

test('a listener whose connection is killed connects again and is told that rings may have been missed', async () => {
  const { bell, adminUrl } = await setup()
  const [here, there] = [bell(), bell()]
  const next = await listening(there, 'facts')
  const again = next()
  const administrator = openDatabase({ url: adminUrl, name: 'administrator', connectionsMax: 1, onIdleError: () => undefined })
  open.push(administrator)
  const { rowCount } = await administrator.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test:listen' and datname = current_database()`,
  )
  assert.equal(rowCount, 1)
  await again
  const heard = next()
  here.ring('facts')
  await heard
})

test('while the server refuses, a ring is lost in silence and waits still end', async () => {
  const database = openDatabase({
    url: 'postgres://nobody@127.0.0.1:1/none',
    name: 'test',
    connectionsMax: 1,
    onIdleError: () => undefined,
  })
  const here = openDoorbell(database, log)
  here.ring('facts')
  await here.wait('facts', 1)
  await here.close()
  await database.close()
})

test('a name that could not be quoted is refused', async () => {
  const { bell } = await setup()
  assert.throws(() => bell().listen('facts"; drop table x', () => undefined), /is not a channel/)
})
