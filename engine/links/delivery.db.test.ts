import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { after, test } from 'node:test'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { Problem } from 'cutover/failure'
import { systemClock } from 'cutover/process/clock'
import { countLink } from '../../tests/counting.ts'
import { wordLink } from '../../tests/copying.ts'
import { freshDatabase } from '../../tests/database.ts'
import { readHistory } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
// For the problems that it adds to the catalogue: a run that holds a link is one of them.
import '../run/orders.ts'
import type { Call, Directory } from '../services/directory.ts'
import { openRedeliverer, type Redeliverer } from './redeliver.ts'
import { openRefiller, type Refiller } from './refill.ts'

const links = [countLink, { ...wordLink, mayLose: true as const }]
const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Ordering {
  readonly redeliverer: Redeliverer
  readonly refiller: Refiller
  readonly calls: { service: string; method: string; path: string; body: unknown; term: number | undefined }[]
  /** Answers by path. */
  readonly answers: Map<string, unknown>
  holder: string | null
  lines(): Promise<unknown[]>
}

async function setup(): Promise<Ordering> {
  const database = openDatabase({ url: (await freshDatabase()).url, name: 'test', connectionsMax: 2, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [{ name: 'engine', folder: fileURLToPath(new URL('../sql', import.meta.url)) }])
  const calls: Ordering['calls'] = []
  const answers = new Map<string, unknown>()
  const directory = {
    async ask(service: string, { method, path, body, term }: Call) {
      calls.push({ service, method, path, body, term })
      const answer = answers.get(`${method} ${path}`)
      if (answer === undefined) throw new Problem('switch_busy', { detail: 'busy' })
      return answer
    },
  } as Partial<Directory> as Directory
  const ports = { links, directory, database, lease: { required: () => 7 } as Partial<Lease> as Lease, clock: systemClock }
  const made = {
    calls,
    answers,
    holder: null as string | null,
    refiller: openRefiller(ports),
    async lines() {
      const { intact, rows } = await readHistory(database, { limit: 20 })
      assert.equal(intact, true)
      return rows.toReversed().map(({ who, action, link, numbers }) => [who, action, link, numbers])
    },
  }
  return Object.assign(made, { redeliverer: openRedeliverer({ ...ports, holder: async () => made.holder }) })
}

const code = (wanted: string) => (error: unknown) => error instanceof Problem && error.code === wanted
const moved = { from: 'outbox', epoch: 3, changed: true, tells_anew: false, dry_run: false }

test('a change of the delivery is ordered of the sender under the term, and every attempt is in the history', async () => {
  const { redeliverer, calls, answers, lines } = await setup()
  await assert.rejects(redeliverer.redeliver('L-2', 'direct', 'operator', false), code('switch_busy'))
  answers.set('POST /operator/delivery', moved)
  const answer = await redeliverer.redeliver('L-2', 'direct', 'operator', false)
  assert.deepEqual(answer, { link: 'L-2', to: 'direct', ...moved, term: 7 })
  const body = { link: 'L-2', delivery: 'direct', term: 7 }
  assert.deepEqual(calls.at(-1), { service: 'counting', method: 'POST', path: '/operator/delivery', body, term: 7 })
  assert.deepEqual(await lines(), [
    ['operator', 'delivery asked', 'L-2', { to: 'direct' }],
    ['operator', 'delivery failed', 'L-2', { reason: 'switch_busy', to: 'direct' }],
    ['operator', 'delivery asked', 'L-2', { to: 'direct' }],
    ['operator', 'delivery moved', 'L-2', { epoch: 3, from: 'outbox', to: 'direct' }],
  ])
})

test('a dry run is one for the sender, and leaves no line', async () => {
  const { redeliverer, calls, answers, lines } = await setup()
  answers.set('POST /operator/delivery', { ...moved, dry_run: true })
  assert.equal((await redeliverer.redeliver('L-2', 'direct', 'operator', true)).dry_run, true)
  assert.deepEqual(calls.at(-1)?.body, { link: 'L-2', delivery: 'direct', term: 7, dry_run: true })
  assert.deepEqual(await lines(), [])
})

test('a link that may not lose, an unknown one and one that a run holds are refused before anybody is asked', async () => {
  const ordering = await setup()
  const { redeliverer, calls } = ordering
  assert.throws(() => redeliverer.redeliver('L-1', 'direct', 'operator', false), code('delivery_not_allowed'))
  assert.throws(() => redeliverer.redeliver('L-9', 'direct', 'operator', false), code('link_unknown'))
  ordering.holder = 'R-3'
  await assert.rejects(redeliverer.redeliver('L-2', 'outbox', 'operator', false), code('run_exists'))
  assert.deepEqual(calls, [])
})

test('a refill is ordered of the sender, looked at, and counted without an order', async () => {
  const { refiller, calls, answers, lines } = await setup()
  const begun = { state: 'under_way', number: 2, asked_by: 'consumer', left: 9, looked: 1, sent: 0, began_at: 'then', ended_at: null }
  answers.set('POST /operator/refills', begun)
  answers.set('GET /operator/switches/L-2', { route: 'event', share: 100, shadow: false, epoch: 3, delivery: 'direct' })
  assert.deepEqual(await refiller.refill('L-2', 'operator'), { link: 'L-2', ...begun, direct: true })
  assert.deepEqual(calls[0]?.body, { link: 'L-2', term: 7 })
  answers.set('GET /operator/refills/L-2', { state: 'none' })
  const last = await refiller.last('L-2')
  assert.deepEqual([last.state, last.number, last.direct], ['none', 0, true])
  answers.set('POST /operator/refills', { looked: 4, open: 3, kept: 1, more: true })
  assert.deepEqual(await refiller.count('L-2'), { link: 'L-2', dry_run: true, looked: 4, open: 3, kept: 1, more: true, direct: true })
  await assert.rejects(refiller.refill('L-9', 'operator'), code('link_unknown'))
  assert.deepEqual(await lines(), [
    ['operator', 'refill asked', 'L-2', {}],
    ['operator', 'refill begun', 'L-2', { number: 2 }],
  ])
})
