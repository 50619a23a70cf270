import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { countingDatabase, countLink } from '../../tests/counting.ts'
import type { Database } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openSwitchStore } from './postgres.ts'
import type { SwitchStore } from './store.ts'
import { type Flip, flip, redeliver, type Flipped, installSwitches, type Permit } from './switch.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Switching {
  readonly store: SwitchStore
  readonly to: (request: Omit<Flip, 'link'>, permit?: Permit) => Promise<Flipped>
}

/** A switch that stands at http under epoch 1. */
async function setup(): Promise<Switching> {
  const database = await countingDatabase()
  open.push(database)
  const store = openSwitchStore(database)
  await installSwitches(store, 'counting', [countLink])
  return { store, to: (request, permit) => flip(store, { link: 'L-1', ...request }, systemClock, systemRandom, permit) }
}

const stale = (error: unknown): boolean => error instanceof Problem && error.code === 'term_stale'

test('a flip says what it has changed, and changes nothing when it is repeated', async () => {
  const { to } = await setup()
  const from = { route: 'http', share: 100, shadow: false, epoch: 1 }
  assert.deepEqual(await to({ route: 'event', term: 1 }), { epoch: 2, changed: true, share: 100, shadow: false, from })
  assert.deepEqual(await to({ route: 'event', term: 1 }), {
    epoch: 2,
    changed: false,
    share: 100,
    shadow: false,
    from: { route: 'event', share: 100, shadow: false, epoch: 2 },
  })
})

test('a flip to another share is a change like any other: it raises the epoch, once', async () => {
  const { store, to } = await setup()
  const five = { route: 'event', share: 5, shadow: true } as const
  assert.deepEqual(await to({ ...five, term: 1, dryRun: true }), await to({ ...five, term: 1 }))
  assert.deepEqual((await store.read()).links['L-1'], five)
  assert.deepEqual(await store.since('L-1'), { ...five, delivery: 'outbox', epoch: 2 })
  const again = await to({ ...five, term: 1 })
  assert.deepEqual([again.changed, again.epoch], [false, 2])
  const more = await to({ route: 'event', share: 25, term: 1 })
  assert.deepEqual(more, { epoch: 3, changed: true, share: 25, shadow: true, from: { ...five, epoch: 2 } })
})

test('a flip that names no share is one for all keys', async () => {
  const { store, to } = await setup()
  await to({ route: 'event', share: 5, shadow: true, term: 1 })
  assert.equal((await to({ route: 'event', term: 1 })).share, 100)
  assert.deepEqual((await store.read()).links['L-1'], { route: 'event', share: 100, shadow: true })
})

test('a rehearsal answers as the flip would, and leaves neither epoch nor route nor term', async () => {
  const { store, to } = await setup()
  const before = await store.read()
  const rehearsed = await to({ route: 'event', shadow: true, term: 9, dryRun: true })
  assert.deepEqual([await store.read(), await store.term()], [before, 0])
  assert.deepEqual(await to({ route: 'event', shadow: true, term: 9 }), rehearsed)
})

test('a rehearsal is refused where the flip would be', async () => {
  const { to } = await setup()
  await to({ route: 'http', term: 5 })
  await assert.rejects(to({ route: 'event', term: 4, dryRun: true }), stale)
  const never: Permit = () => Promise.reject(new Problem('capability_missing', { detail: 'never' }))
  await assert.rejects(to({ route: 'event', term: 5, dryRun: true }, never), /never/)
})

test('a flip that changes nothing raises the term all the same: whoever was overtaken is refused', async () => {
  const { store, to } = await setup()
  await to({ route: 'http', term: 7 })
  assert.equal(await store.term(), 7)
  await assert.rejects(to({ route: 'event', term: 6 }), stale)
  assert.equal((await to({ route: 'event', term: 7 })).changed, true)
})

test('a permit is asked for every change, of the shadow too, and what it refuses is not changed', async () => {
  const { store, to } = await setup()
  const asked: unknown[] = []
  const refusing: Permit = async (_, change) => {
    asked.push(change)
    throw new Problem('capability_missing', { detail: 'nobody can' })
  }
  assert.equal((await to({ route: 'http', shadow: false, term: 1 }, refusing)).changed, false)
  const before = await store.read()
  await assert.rejects(to({ route: 'http', shadow: true, term: 2 }, refusing), /nobody can/)
  await assert.rejects(to({ route: 'event', term: 2 }, refusing), /nobody can/)
  assert.deepEqual(asked, [
    { link: 'L-1', from: 'http', to: 'http', share: 100, shadow: true },
    { link: 'L-1', from: 'http', to: 'event', share: 100, shadow: false },
  ])
  assert.deepEqual([await store.read(), await store.term()], [before, 1])
})

test('how facts leave for the log is a change like any other: its own epoch, under the lock, and a flip keeps it', async () => {
  const { store, to } = await setup()
  await to({ route: 'event', term: 1 })
  const deliver = (delivery: 'outbox' | 'direct', more: object = {}) =>
    redeliver(store, { link: 'L-1', delivery, term: 1, ...more }, systemClock, systemRandom)
  const before = await store.read()
  assert.deepEqual(await deliver('direct', { dryRun: true }), { epoch: 3, changed: true, from: 'outbox', route: 'event' })
  assert.deepEqual(await store.read(), before)
  assert.deepEqual(await deliver('direct'), { epoch: 3, changed: true, from: 'outbox', route: 'event' })
  assert.deepEqual(await deliver('direct'), { epoch: 3, changed: false, from: 'direct', route: 'event' })
  await to({ route: 'http', term: 1 })
  await to({ route: 'event', term: 1 })
  assert.deepEqual((await store.read()).links['L-1'], { route: 'event', share: 100, shadow: false, delivery: 'direct' })
  await assert.rejects(deliver('outbox', { term: 0 }), stale)
  assert.equal((await deliver('outbox')).epoch, 6)
  await assert.rejects(redeliver(store, { link: 'L-7', delivery: 'direct', term: 1 }, systemClock, systemRandom), /does not decide/)
})
