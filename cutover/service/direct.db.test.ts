import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { aWord, idOf, WordChanged, wordLink, wordSource } from '../../tests/copying.ts'
import { freshDatabase } from '../../tests/database.ts'
import { type Losing, lossyLink, openLosing } from '../../tests/losing.ts'
import { operate } from '../../tests/operator-calls.ts'
import { type Broker, type LogRecord } from '../broker/broker.ts'
import { openPostgresLog } from '../broker/postgres/log.ts'
import { fromHeaders } from '../contract/headers.ts'
import type { Delivery } from '../contract/contract.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { runSnapshots } from '../snapshot/snapshot.ts'
import { redeliver } from '../switch/switch.ts'
import { refillRoutes } from './refill-routes.ts'
import { openStores } from './stores.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const open: (() => Promise<unknown>)[] = []
after(async () => {
  for (const close of open.toReversed()) await close()
})

/** Nobody listens there. */
const nowhere = 'postgres://nobody@127.0.0.1:9/log'
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)

async function aLog(): Promise<{ url: string; broker: Broker }> {
  const { url } = await freshDatabase()
  const broker = openPostgresLog({ url, name: 'test', log })
  open.push(() => broker.close())
  return { url, broker }
}

/** What the log has, once it has the word with this number. */
async function readUntil(broker: Broker, number: number): Promise<readonly LogRecord[]> {
  for (;;) {
    const topic = await broker.topic(WordChanged.topic)
    const records = topic === undefined ? [] : await broker.fetch(topic, [{ partition: 0, offset: 0n }], 500, 0)
    if (records.some(one => one.key === idOf(number))) return records
    await systemClock.sleep(10)
  }
}

const keysOf = (records: readonly LogRecord[]): string[] => records.map(one => one.key)

async function anOwner(url: string, logUrl: string, delivery: Delivery): Promise<Losing> {
  const owner = await openLosing(url, logUrl, delivery)
  open.push(() => owner.close())
  return owner
}

/** Commits words while the log is away, in a process that is then killed with -9; answers with the words that its database has. */
async function killed(url: string, delivery: Delivery, count: number): Promise<void> {
  const program = join(import.meta.dirname, '../../tests/losing.ts')
  const child = spawn(process.execPath, [program, url, nowhere, delivery, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  for await (const chunk of child.stdout) {
    said += String(chunk)
    if (said.includes('committed')) break
  }
  assert.match(said, /committed/)
  child.kill('SIGKILL')
  if (child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
}

test('killed with -9 while the log is away: direct loses what was committed, the outbox loses nothing', async () => {
  for (const delivery of ['direct', 'outbox'] as const) {
    const { url } = await freshDatabase()
    const { url: logUrl, broker } = await aLog()
    await killed(url, delivery, 20)
    // The same service again, and now the log is there. One more word tells that it publishes.
    const owner = await anOwner(url, logUrl, delivery)
    await owner.state([21])
    const keys = keysOf(await readUntil(broker, 21))
    const { rows } = await owner.database.query<{ id: string }>('select id from word order by id')
    assert.deepEqual(
      rows.map(row => row.id),
      numbers(1, 21).map(idOf),
      'all of them are committed, either way',
    )
    assert.deepEqual(keys, (delivery === 'direct' ? [21] : numbers(1, 21)).map(idOf), delivery)
  }
})

test('what was lost is told anew when the link goes to the outbox, by the outbox', async () => {
  const { url } = await freshDatabase()
  const { url: logUrl, broker } = await aLog()
  await killed(url, 'direct', 20)
  const owner = await anOwner(url, logUrl, 'direct')
  const stores = openStores(owner.database)
  const sources = [wordSource]
  const stop = new AbortController()
  const telling = runSnapshots({ sources, sender: owner.sending.sender, store: stores.snapshot, clock: systemClock, log }, stop.signal)
  let flipped = 0
  const operator = await operate(
    refillRoutes({
      service: 'counting',
      links: [lossyLink, { ...wordLink, id: 'L-8' }],
      sources,
      stores,
      clock: systemClock,
      random: systemRandom,
      countRefill: owner.sending.countRefill,
      flipped: () => void flipped++,
    }),
  )
  const order = (more: object) => operator.post('/operator/delivery', { link: 'L-2', delivery: 'outbox', term: 1, ...more })
  const rehearsed = await order({ dry_run: true })
  const said = { link: 'L-2', delivery: 'outbox', from: 'direct', epoch: 3, changed: true }
  assert.deepEqual([rehearsed.body, flipped], [{ ...said, tells_anew: false, dry_run: true }, 0])
  assert.deepEqual((await order({})).body, { ...said, tells_anew: true, dry_run: false })
  const records = await readUntil(broker, 20)
  assert.deepEqual(keysOf(records), numbers(1, 20).map(idOf))
  // They are in the outbox, and so have a receipt asked for.
  for (const { headers, value } of records) {
    const message = fromHeaders(headers, value)
    assert.ok('factId' in message && message.stamps['L-2']?.direct === undefined && Number(message.position) > 0)
  }
  const job = await stores.snapshot.job('L-2')
  assert.equal(job?.askedBy, 'delivery:3')
  // Once more: neither another epoch nor everything told again.
  assert.deepEqual((await order({})).body, { ...said, from: 'outbox', changed: false, tells_anew: true, dry_run: false })
  assert.equal((await stores.snapshot.job('L-2'))?.copied, 20)
  stop.abort()
  await telling
  const refused = await order({ link: 'L-8', delivery: 'direct' })
  assert.deepEqual([refused.status, refused.body['code']], [409, 'delivery_not_allowed'])
  assert.match(String(refused.body['detail']), /may be direct: L-2$/)
  assert.equal((await order({ term: 0 })).body['code'], 'term_stale')
  assert.equal((await order({ link: 'L-7' })).body['code'], 'link_unknown')
})

test('while the process lives nothing is lost: all of it is published in its order when the log is back', async () => {
  const { url } = await freshDatabase()
  const { url: logUrl, broker } = await aLog()
  const owner = await anOwner(url, logUrl, 'direct')
  await readUntilTopic(broker)
  // Refused for as long as that stands.
  await broker.quarantineTopic(WordChanged.topic)
  await owner.state(numbers(1, 30))
  const { waiting, trouble } = owner.sending.direct()
  assert.deepEqual([waiting, typeof trouble], [30, 'string'])
  await broker.restoreTopic(WordChanged.topic)
  const records = await readUntil(broker, 30)
  assert.deepEqual(keysOf(records), numbers(1, 30).map(idOf))
  const { rows } = await owner.database.query('select from outbox')
  assert.equal(rows.length, 0)
  const [message] = records.map(one => fromHeaders(one.headers, one.value))
  assert.ok(message !== undefined && 'factId' in message)
  assert.deepEqual([message.position, message.revision, message.stamps], ['0', 1, { 'L-2': { route: 'event', epoch: 2, direct: true } }])
  assert.deepEqual({ ...owner.sending.direct(), trouble: null }, { waiting: 0, published: 30, lost: 0, trouble: null })
})

test('what an instance states that still believes the link to be direct is built anew, for the outbox', async () => {
  const { url } = await freshDatabase()
  const { url: logUrl, broker } = await aLog()
  const owner = await anOwner(url, logUrl, 'direct')
  const stores = openStores(owner.database)
  let builds = 0
  // The instance knows the switch as it was before, and is told nothing.
  await redeliver(stores.switch, { link: 'L-2', delivery: 'outbox', term: 1 }, systemClock, systemRandom)
  await owner.sending.sender.transaction(async (tx, record) => {
    builds++
    const word = aWord(1, 'w1')
    await tx.query('insert into word (id, text, size, tags) values ($1, $2, $3, $4)', [word.id, word.text, word.size, '[]'])
    record(WordChanged, word, { revision: 1 })
  })
  assert.equal(builds, 2)
  const [record] = await readUntil(broker, 1)
  assert.equal(record?.headers['cutover-position'] === '0', false)
  assert.deepEqual(owner.sending.direct(), { waiting: 0, published: 0, lost: 0, trouble: null })
})

async function readUntilTopic(broker: Broker): Promise<void> {
  while ((await broker.topic(WordChanged.topic)) === undefined) await systemClock.sleep(10)
}
