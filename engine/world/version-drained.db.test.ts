import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock, systemRandom } from 'cutover/process/clock'
import { flipVersion } from 'cutover/switch'
import { events, link, openTwo } from '../../tests/draining.ts'
import type { VersionDraining } from '../plan/world.ts'
import { versionGate } from '../verbs/version-drained.ts'
import { countVersion as count } from './draining.ts'

/** Two services over one link, and the count of a version of its event. */
async function openCounted(context: TestContext) {
  const two = await openTwo(context)
  const { stores } = two.sending
  const [event = assert.fail()] = events
  const countVersion = (version: number): Promise<VersionDraining> => count(two.ask, [link], event, version)
  return {
    ...two,
    tell: (version: number) => flipVersion(stores.switch, { event: event.name, version, term: 1 }, systemClock, systemRandom),
    countVersion,
    /** The gate: `drained`, or why not, as its code. */
    async gate(version: number): Promise<string> {
      const { verdict, waitsFor } = versionGate(await countVersion(version), event.name, version)
      return verdict === 'pass' ? 'drained' : (waitsFor?.code ?? verdict)
    },
  }
}

/** What a count says of the places where facts are. */
const places = ({ retrying: _, ...rest }: VersionDraining): object => rest

test('the facts of a version are counted over both routes, and those of another version are not', async context => {
  const { sending, state, publish, consume, call, flip, tell, gate, countVersion } = await openCounted(context)
  await state('a')
  await flip('event')
  await state('b')
  const newer = await state('c')
  await sending.database.query('update outbox set version = 1 where fact_id = $1', [newer])
  assert.equal(await gate(0), 'version_drained_told')
  await tell(1)
  assert.deepEqual(places(await countVersion(0)), {
    told: 1,
    issued: 2,
    outstanding: 2,
    onTheirWay: 2,
    parked: 0,
    dead: 0,
    unsure: null,
  })
  await call()
  assert.equal(await gate(0), 'drained_waits')
  await publish()
  await consume()
  assert.equal(await gate(0), 'drained')
  assert.equal((await countVersion(1)).issued, 1)
})

test('what is parked, and a dead letter, hold a version open, carried over and swept or not', async context => {
  const { state, message, take, sweep, tell, gate, countVersion, receiving } = await openCounted(context)
  await state('a')
  const waiting = await state('b', 'something')
  const wrong = await message(await state('c'))
  await take('http', await message(waiting))
  await take('http', { ...wrong, bytes: '{' })
  await tell(1)
  const open = { told: 1, issued: 3, outstanding: 3, onTheirWay: 1, parked: 1, dead: 1, unsure: null }
  assert.deepEqual(places(await countVersion(0)), open)
  await sweep()
  assert.deepEqual(places(await countVersion(0)), open)
  assert.equal(await gate(0), 'drained_waits')
  await receiving.database.query(`insert into arrived (name) values ('something')`)
  await take('http', await message(waiting))
  await receiving.database.query(`update dead_letter set state = 'resolved'`)
  await take('http', wrong)
  const rest = await countVersion(0)
  assert.deepEqual([rest.outstanding, rest.parked, rest.dead], [1, 0, 0])
})

test('a transaction that was open when the version moved is in the count, because the move waits for it', async context => {
  const { open, tell, countVersion } = await openCounted(context)
  const late = await open('a')
  let moved = false
  const moving = tell(1).then(() => void (moved = true))
  const before = await countVersion(0)
  assert.deepEqual([before.told, moved], [0, false])
  await late.commit()
  await moving
  const after = await countVersion(0)
  assert.deepEqual([after.told, after.issued, after.outstanding], [1, 1, 1])
})

test('a receiver that does not answer is no drained version', async context => {
  const { state, call, tell, reach, countVersion, gate } = await openCounted(context)
  await state('a')
  await call()
  await tell(1)
  assert.equal(await gate(0), 'drained')
  await reach(false)
  await assert.rejects(countVersion(0), { code: 'service_away' })
})
