import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Registry as Metrics } from 'prom-client'
import { aWord, idOf, libraryDatabase, otherLink, type Word, wordLink, words } from '../../tests/copying.ts'
import { countLink } from '../../tests/counting.ts'
import type { LinkContract } from '../contract/contract.ts'
import type { Database } from '../database/database.ts'
import type { Doorbell } from '../database/doorbell.ts'
import { Unreachable } from '../http/client.ts'
import { aServer } from '../http/testing.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import type { ReplicaDefinition } from '../replica/definition.ts'
import { turnReading } from '../reading/switch.ts'
import { openMeters } from './meter.ts'
import { openReadings, type Readings } from './readings.ts'
import { openStores, type Stores } from './stores.ts'

const open: { (): Promise<void> }[] = []
after(async () => {
  for (const close of open.toReversed()) await close()
})

/** Links that lead here: one starts as HTTP, one as an event. */
const byEvent: LinkContract = { ...otherLink, to: 'adding', start: 'event' }
const links: readonly LinkContract[] = [wordLink, byEvent, countLink, { ...wordLink, id: 'L-4', from: 'adding', to: 'counting' }]
const more: ReplicaDefinition<Word> = { ...words, link: 'L-3', table: 'word_too' }

interface Read {
  readonly database: Database
  readonly stores: Stores
  readonly readings: Readings
  /** Rings the bell of a channel. */
  ring(channel: string): void
  turn(link: string, answers: 'http' | 'replica'): Promise<unknown>
  /** The tables of the copies that there are. */
  copies(): Promise<string[]>
}

interface Made {
  readonly database?: Database
  readonly capabilities?: readonly string[]
  readonly owner?: string
}

/** What the service `adding` reads, over an owner at that address. */
async function setup({ database: made, capabilities = ['call:L-2', 'act:L-3'], owner = 'http://127.0.0.1:1' }: Made = {}): Promise<Read> {
  const database = made ?? (await libraryDatabase())
  if (made === undefined) open.push(() => database.close())
  const stores = openStores(database)
  const callbacks = new Map<string, () => void>()
  const doorbell = { listen: (channel: string, callback: () => void) => void callbacks.set(channel, callback) } as unknown as Doorbell
  const readings = await openReadings({
    service: 'adding',
    instance: '1',
    capabilities,
    links,
    database,
    stores,
    signer: { token: async ({ audience, link }) => `${audience}.${link}` },
    urls: { counting: [owner] },
    doorbell,
    meters: openMeters(links, systemClock, new Metrics()),
    clock: systemClock,
    log: openLog({ service: 'test', instance: '1', level: 'fatal' }),
    random: systemRandom,
  })
  return {
    database,
    stores,
    readings,
    ring: channel => callbacks.get(channel)?.(),
    turn: (link, answers) => turnReading(stores.reading, stores.switch, { link, answers, compares: false, term: 1 }, async () => undefined),
    async copies() {
      const { rows } = await database.query<{ name: string }>(
        `select relname as name from pg_class where relname like 'word_%' and relkind = 'r' order by 1`,
      )
      return rows.map(row => row.name)
    },
  }
}

/** An owner of words: what was asked of it, by which token and over which link. */
async function anOwnerOf(...known: readonly Word[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = await aServer(
    [
      {
        method: 'GET',
        path: '/words/{id}',
        operationId: 'word',
        summary: '',
        policy: { links: [{ from: 'adding', link: 'L-2' }] },
        async handle({ params, headers }) {
          asked.push(`${headers['authorization']} over ${headers['cutover-link']}`)
          const word = known.find(one => one.id === params['id'])
          return word === undefined ? { status: 404, body: { code: 'word_unknown' } } : { body: { ...word, revision: 3 } }
        },
      },
    ],
    { verifier: { verify: async () => ({ kind: 'service', service: 'adding', link: 'L-2' }) } },
  )
  await server.start()
  open.push(() => server.stop())
  return { url: server.url, asked }
}

test('a link is asked for once, and only a data link that leads here can be', async () => {
  const { readings } = await setup()
  assert.equal(readings.read(words).link, 'L-2')
  assert.throws(() => readings.read(words), /adding asks twice for the reader of L-2/)
  for (const link of ['L-1', 'L-4', 'L-9'])
    assert.throws(() => readings.read({ ...words, link }), new RegExp(`adding reads nothing over ${link}`))
  assert.deepEqual([...readings.all.keys()], ['L-2'])
})

test('each link that was asked for has one handler, which keeps its copy, and no other has any', async () => {
  const { readings, database } = await setup()
  assert.deepEqual(readings.handlers(), {})
  readings.read(words)
  readings.read(more)
  await readings.all.get('L-2')?.store.create()
  await readings.all.get('L-3')?.store.create()
  const handlers = readings.handlers()
  assert.deepEqual(Object.keys(handlers), ['L-2', 'L-3'])
  const effect = { row: aWord(1, 'one'), revision: 1, removed: false }
  const message = { envelope: { payload: effect.row }, revision: 1 } as never
  assert.deepEqual(handlers['L-3']?.decide(message, null), { do: 'apply', effect })
  await database.transaction(async tx => handlers['L-3']?.apply([{ message, effect }] as never, tx))
  const rowsOf = async (link: string): Promise<unknown> => (await readings.all.get(link)?.store.state())?.rows
  assert.deepEqual([await rowsOf('L-2'), await rowsOf('L-3')], [0, 1])
})

test('links begin where the contract says, and are not moved back when the service starts again', async () => {
  const first = await setup()
  const { stores, database, turn } = first
  const epoch = { compares: false, epoch: 1 }
  assert.deepEqual(await stores.reading.all(), { 'L-2': { answers: 'http', ...epoch }, 'L-3': { answers: 'replica', ...epoch } })
  await turn('L-2', 'replica')
  await turn('L-3', 'http')
  const { readings } = await setup({ database })
  assert.deepEqual([readings.read(words).answersFrom(), readings.read(more).answersFrom()], ['replica', 'http'])
})

test('the copy of a link that starts as an event is made, and of no other; again, nothing is changed', async () => {
  const { readings, copies, database } = await setup()
  readings.read(words)
  readings.read(more)
  await readings.install()
  assert.deepEqual(await copies(), ['word_too'])
  await database.transaction(async tx => readings.all.get('L-3')?.store.keep(tx, [{ row: aWord(1, 'one'), revision: 1, removed: false }]))
  await readings.install()
  assert.deepEqual([await copies(), (await readings.all.get('L-3')?.store.state())?.rows], [['word_too'], 1])
})

test('a copy that was hidden or dropped by a plan does not come back with the next start', async () => {
  const { readings, copies, database, turn } = await setup()
  readings.read(more)
  await readings.install()
  await turn('L-3', 'http')
  for (const change of ['quarantine', 'drop'] as const) {
    await database.transaction(async tx => readings.all.get('L-3')?.store[change](tx))
    const again = await setup({ database })
    again.readings.read(more)
    await again.readings.install()
    assert.deepEqual(await copies(), change === 'drop' ? [] : ['word_too_quarantined'])
  }
})

test('by HTTP the owner is asked under the token and the name of that link', async () => {
  const { url, asked } = await anOwnerOf(aWord(1, 'one'))
  const { readings } = await setup({ owner: url })
  const reader = readings.read(words)
  assert.deepEqual(await reader.get(idOf(1)), { row: aWord(1, 'one'), revision: 3 })
  assert.equal(await reader.get(idOf(2)), null)
  assert.deepEqual(asked, Array(2).fill('Bearer counting.L-2 over L-2'))
})

test('an instance without the calls refuses to ask, and says what to deploy; nothing was sent', async () => {
  const { url, asked } = await anOwnerOf(aWord(1, 'one'))
  const { readings } = await setup({ owner: url, capabilities: ['act:L-2', 'call:L-3', 'serve:L-2'] })
  const reader = readings.read(words)
  const refused = (error: unknown): boolean =>
    error instanceof Unreachable && !error.sent && error.message === 'this instance does not call counting on L-2: deploy it with call:L-2'
  await assert.rejects(reader.get(idOf(1)), refused)
  await assert.rejects(reader.list(null, 10), refused)
  await assert.rejects(readings.gather(undefined)(reader.waitsFor(idOf(1)), AbortSignal.timeout(60_000)), refused)
  assert.deepEqual(asked, [])
})

test('an instance without the calls answers from the copy all the same', async () => {
  const { readings, database } = await setup({ capabilities: ['act:L-3'] })
  const reader = readings.read(more)
  await readings.install()
  await database.transaction(async tx => readings.all.get('L-3')?.store.keep(tx, [{ row: aWord(1, 'one'), revision: 1, removed: false }]))
  assert.deepEqual((await reader.get(idOf(1)))?.row, aWord(1, 'one'))
})

test('what waits for a row of a link is fetched by the reader of that link; everything else is left to the service', async () => {
  const { url, asked } = await anOwnerOf(aWord(1, 'one'))
  const { readings, stores } = await setup({ owner: url })
  const reader = readings.read(words)
  readings.read(more)
  const others: string[] = []
  const gather = readings.gather(async waitsFor => others.push(waitsFor) > 0)
  const { signal } = new AbortController()
  assert.equal(await gather(reader.waitsFor(idOf(1)), signal), true)
  assert.equal(await stores.reading.hasGathered('L-2', idOf(1)), true)
  assert.equal(await gather(reader.waitsFor(idOf(2)), signal), false, 'the owner knows of none')
  assert.equal(await gather(`L-3:${idOf(1)}`, signal), false, 'with a copy it arrives by itself')
  assert.deepEqual([others, asked.length], [[], 2])
  for (const waitsFor of ['rating:o-1', 'capability:act:L-2', 'L-4:x', 'L-2', 'rating'])
    assert.equal(await gather(waitsFor, signal), true, waitsFor)
  assert.deepEqual(others, ['rating:o-1', 'capability:act:L-2', 'L-4:x', 'L-2', 'rating'])
  assert.equal(await readings.gather(undefined)('rating:o-1', signal), false)
})

test('the epochs are those of the links that are read, and a turn is known at the ring and at a reload', async () => {
  const { readings, ring, turn, database, stores } = await setup()
  assert.deepEqual(readings.epochs(), {})
  const reader = readings.read(words)
  readings.read(more)
  assert.deepEqual(readings.epochs(), { 'L-2': 1, 'L-3': 1 })
  await turn('L-2', 'replica')
  assert.deepEqual([readings.epochs(), reader.answersFrom()], [{ 'L-2': 1, 'L-3': 1 }, 'http'])
  ring('switch')
  await database.answers()
  assert.equal(readings.epochs()['L-2'], 1)
  await readings.reload()
  assert.deepEqual([readings.epochs(), reader.answersFrom()], [{ 'L-2': 2, 'L-3': 1 }, 'replica'])
  await turn('L-3', 'http')
  ring('reading')
  while (readings.epochs()['L-3'] !== 2) await stores.reading.all()
  assert.deepEqual(readings.epochs(), { 'L-2': 2, 'L-3': 2 })
})

test('a read that is in flight holds back the epoch of its link alone, until it has ended', async () => {
  const { readings, turn, database } = await setup()
  readings.read(words)
  const reader = readings.read(more)
  await readings.install()
  let read: Promise<unknown> = Promise.resolve()
  await database.transaction(async tx => {
    await tx.query('lock table word_too')
    read = reader.get(idOf(1))
    await turn('L-2', 'replica')
    await turn('L-3', 'http')
    await readings.reload()
    assert.deepEqual(readings.epochs(), { 'L-2': 2, 'L-3': 1 })
  })
  assert.equal(await read, null)
  assert.deepEqual(readings.epochs(), { 'L-2': 2, 'L-3': 2 })
})
