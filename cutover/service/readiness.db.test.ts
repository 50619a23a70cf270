import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Counted } from '../../tests/counting.ts'
import { freshDatabase } from '../../tests/database.ts'
import type { Broker } from '../broker/broker.ts'
import { openDatabase } from '../database/database.ts'
import { installMigrations } from '../database/install.ts'
import { systemClock } from '../process/clock.ts'
import { registerVersions } from '../registry/registry.ts'
import { openReadiness } from './readiness.ts'
import { openStores } from './stores.ts'

const migrations = [{ name: 'cutover', folder: fileURLToPath(new URL('../sql', import.meta.url)) }]
const own = await freshDatabase()
const database = openDatabase({ url: own.url, name: 'test', connectionsMax: 2, onIdleError: () => undefined })
after(async () => {
  await database.close()
  await own.drop()
})
const there: Pick<Broker, 'topic'> = { topic: async () => undefined }
// Each look has a clock that is a second further, so that none is answered from before.
let later = 0
const ready = (over: Partial<Parameters<typeof openReadiness>[0]> = {}): Promise<unknown> =>
  openReadiness({
    database,
    broker: there,
    registry: openStores(database).registry,
    events: [Counted],
    migrations,
    clock: { ...systemClock, now: () => Date.now() + (later += 1_000) },
    ...over,
  })()

test('an empty database answers, and what has still to be run and registered is named', async () => {
  const checks = (await ready()) as Record<string, string>
  assert.equal(checks['database'], 'ok')
  assert.match(checks['migrations'] ?? '', /^not run yet: cutover\/0001_switch, cutover\/0002_outbox/)
  assert.equal(checks['registry'], 'away (42P01)')
})

test('with its tables and versions everything is ready; a version that is missing, or says something else, is named', async () => {
  await installMigrations(database, migrations)
  assert.equal(((await ready()) as Record<string, string>)['registry'], 'not registered: Counted v0')
  await registerVersions(openStores(database).registry, [Counted])
  assert.deepEqual(await ready(), { database: 'ok', migrations: 'ok', registry: 'ok', broker: 'ok' })
  const other = { ...Counted, versions: [{ ...Counted.versions[0], title: 'Other' }] } as unknown as typeof Counted
  assert.equal(((await ready({ events: [other] })) as Record<string, string>)['registry'], 'not registered: Counted v0')
})

test('a log that is away, or hangs, degrades the service and does not make it unready', async () => {
  const fails: Pick<Broker, 'topic'> = { topic: () => Promise.reject(Object.assign(new Error('secret.host'), { code: 'ECONNREFUSED' })) }
  const hangs: Pick<Broker, 'topic'> = { topic: () => new Promise(() => undefined) }
  const brokerOf = async (broker: Pick<Broker, 'topic'>): Promise<unknown> =>
    ((await ready({ broker })) as Record<string, unknown>)['broker']
  assert.deepEqual(await brokerOf(fails), { degraded: 'away (ECONNREFUSED); facts wait in the outbox' })
  assert.deepEqual(await brokerOf(hangs), { degraded: 'no answer within 1000 ms; facts wait in the outbox' })
})

test('a database that hangs is told after two seconds at the longest', async () => {
  const hanging = { answers: () => new Promise<void>(() => undefined), query: () => new Promise<never>(() => undefined) }
  const checks = (await ready({ database: hanging, clock: { ...systemClock, sleep: async () => undefined } })) as Record<string, string>
  assert.deepEqual([checks['database'], checks['migrations']], ['no answer within 2000 ms', 'no answer within 2000 ms'])
})
