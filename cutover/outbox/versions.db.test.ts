import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Counted, countLink, countingDatabase, openAdding } from '../../tests/counting.ts'
import { defineEvent, type EventContract } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import type { Database } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openReceiveStore } from '../receive/postgres.ts'
import { openReceiver } from '../receive/receiver.ts'
import { openRegistry, registerVersions } from '../registry/registry.ts'
import { openStores } from '../service/stores.ts'
import { flipVersion, installSwitches, openSwitchCache } from '../switch/switch.ts'
import { ensurePartitions } from './partitions.ts'
import { openSender } from './sender.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

const [v0] = Counted.versions
const v1 = {
  ...v0,
  properties: {
    payload: {
      type: 'object',
      properties: { ...v0.properties.payload.properties, unit: { type: 'string' } },
      required: ['key', 'amount', 'needs', 'unit'],
    },
    meta: { ...v0.properties.meta, properties: { ...v0.properties.meta.properties, event_version: { enum: [1] } } },
  },
} as const

/** The same event with a unit, which its first version did not say: it was always pieces. */
const Measured = defineEvent({
  ...Counted,
  versions: [v0, v1],
  lenses: [{ up: (old: object) => ({ ...old, unit: 'piece' }), down: ({ unit: _, ...old }: { unit: string }) => old }],
  bounds: { ...v1, properties: { payload: v1.properties.payload, meta: { type: 'object' } } },
  orderKey: payload => payload.key,
  businessKey: payload => `Counted:${payload.key}`,
})
const events: readonly EventContract[] = [Measured]
const registry = openRegistry(events)

async function setup() {
  const database = await countingDatabase()
  open.push(database)
  const stores = openStores(database)
  await ensurePartitions(stores.outbox, { rows: 10_000, ahead: 2, keepMinutes: 60 })
  await registerVersions(stores.registry, events)
  await installSwitches(stores.switch, 'counting', [countLink])
  const told: Message[] = []
  const sender = openSender({
    service: 'counting',
    store: stores.outbox,
    switches: await openSwitchCache(stores.switch),
    links: [countLink],
    registry,
    clock: systemClock,
    random: systemRandom,
    deliverNow: () => undefined,
    committed: messages => void told.push(...messages),
  })
  const state = (key: string): Promise<string> =>
    sender.transaction(async (_, record) => record(Measured, { key, amount: 1, needs: '', unit: 'piece' }))
  const to = (version: number, more: { term?: number; dryRun?: boolean } = {}) =>
    flipVersion(stores.switch, { event: 'Counted', version, term: 1, ...more }, systemClock, systemRandom)
  return { database, stores, told, state, to }
}

test('a fact is told in the version that the switch says, and what states it knows the newest only', async () => {
  const { told, state, to } = await setup()
  await state('a')
  assert.deepEqual(await to(1, { dryRun: true }), { epoch: 2, changed: true, from: 0 })
  await state('b')
  assert.deepEqual(await to(1), { epoch: 2, changed: true, from: 0 })
  assert.deepEqual(await to(1), { epoch: 2, changed: false, from: 1 })
  await state('c')
  await to(0)
  await state('d')
  const said = told.map(({ version, bytes }) => [version, (JSON.parse(bytes) as { payload: { unit?: string } }).payload.unit])
  assert.deepEqual(said, [
    [0, undefined],
    [0, undefined],
    [1, 'piece'],
    [0, undefined],
  ])
})

test('when a change of version has answered, no fact in the old one commits any more, under load', async () => {
  const { database, state, to } = await setup()
  let going = true
  const stating = Array.from({ length: 6 }, async (_, worker) => {
    for (let n = 0; going; n++) await state(`${worker}-${n}`)
  })
  for (const version of [1, 0, 1]) {
    await to(version)
    const { rows } = await database.query<{ drawn: string }>('select last_value as drawn from outbox_position', [])
    for (let more = 0; more < 30; more++) await state(`${version}-after-${more}-${systemRandom.uuid()}`)
    const late = await database.query('select from outbox where position > $1 and version <> $2', [rows[0]?.drawn, version])
    assert.equal(late.rowCount, 0)
  }
  going = false
  await Promise.all(stating)
})

test('an engine that was overtaken changes no version', async () => {
  const { to } = await setup()
  await to(1, { term: 7 })
  await assert.rejects(to(0, { term: 6 }), error => error instanceof Problem && error.code === 'term_stale')
})

test('what was told in the old version is handled as the newest; what nobody is deployed for is parked until somebody is', async () => {
  const { database, stores, told, state, to } = await setup()
  const seen: unknown[] = []
  const { handler } = openAdding()
  const watching = {
    ...handler,
    decide: (message: Parameters<typeof handler.decide>[0], known: ReadonlySet<string>) => {
      seen.push(message.envelope.payload)
      return handler.decide(message, known)
    },
  }
  await state('old')
  await to(1)
  await state('new')
  const store = openReceiveStore(database)
  const before = openReceiver(countLink, watching, registry, store, ['http'], [0])
  const take = (receiver: typeof before) => database.transaction(tx => receiver.receive(tx, told, 'http'))
  assert.deepEqual(await take(before), [{ is: 'done' }, { is: 'parked', waitsFor: 'version:Counted:1' }])
  const { rows } = await database.query<{ due: boolean }>(`select next_at < 'infinity' as due from parked`, [])
  assert.deepEqual(rows, [{ due: false }], 'it is not looked at until it is woken')
  await stores.receive.wakeAble(['version:Counted:1'])
  assert.deepEqual((await stores.receive.due()).length, 1)
  const deployed = openReceiver(countLink, watching, registry, store, ['http'])
  assert.deepEqual(
    (await take(deployed)).map(one => one.is),
    ['duplicate', 'done'],
  )
  assert.deepEqual(seen[0], { key: 'old', amount: 1, needs: '', unit: 'piece' })
})
