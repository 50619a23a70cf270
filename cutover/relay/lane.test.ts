import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '../process/log.ts'
import { type LaneStatus, type LaneWork, runLane } from './lane.ts'
import type { RelayStore } from './store.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })

/** A lane on paper: each pass takes 100 ms and moves it by ten, unless `fails` says otherwise; `drawn` is the newest position. */
async function run(options: { fails: (pass: number) => boolean; drawn: bigint; until: bigint; chance?: number }) {
  const clock = { nowMs: 0 }
  const sleeps: number[] = []
  const shown: LaneStatus[] = []
  const stop = new AbortController()
  let position = 0n
  let passes = 0
  const store = {
    acquire: async () => ({ term: '1', position }),
    async advance(_lane: string, _term: string, to: bigint) {
      position = to
      return true
    },
    release: async () => undefined,
    drawn: async () => options.drawn,
  } as unknown as RelayStore
  const work: LaneWork = {
    lane: 'event',
    begin: () => async () => {
      clock.nowMs += 100
      if (options.fails(++passes)) throw new Error('away')
      return { position: position + 10n, restMs: 0 }
    },
  }
  const ports = {
    store,
    holder: 'one',
    clock: { now: () => clock.nowMs, sleep: async (ms: number) => void sleeps.push(ms) },
    random: { next: () => options.chance ?? 1, uuid: () => '' },
    log,
    rest: async () => undefined,
    show(status: LaneStatus) {
      shown.push(status)
      if (BigInt(status.position) >= options.until) stop.abort()
    },
  }
  await runLane(work, ports, stop.signal)
  return { sleeps, shown }
}

test('in ordinary times a lane never rests while there is something to deliver', async () => {
  const { sleeps, shown } = await run({ fails: () => false, drawn: 1_000n, until: 100n })
  assert.deepEqual(sleeps, [])
  assert.equal(
    shown.some(status => status.catchingUp),
    false,
  )
})

test('after an outage what was stated before its end is delivered at half speed, and what came later at full speed', async () => {
  const { sleeps, shown } = await run({ fails: pass => pass === 1, drawn: 50n, until: 100n })
  assert.deepEqual(sleeps.slice(1), [100, 100, 100, 100])
  assert.deepEqual(
    shown.map(({ position, catchingUp }) => `${position}${catchingUp ? ' catching up' : ''}`),
    ['0', '10 catching up', '20 catching up', '30 catching up', '40 catching up', '50', '60', '70', '80', '90', '100'],
  )
})

test('it backs off exponentially with full jitter up to three seconds, and says since when it has been failing', async () => {
  const fails = (pass: number): boolean => pass < 8
  const full = await run({ fails, drawn: 0n, until: 10n })
  assert.deepEqual(full.sleeps, [200, 400, 800, 1_600, 3_000, 3_000, 3_000])
  assert.deepEqual((await run({ fails, drawn: 0n, until: 10n, chance: 0 })).sleeps, [0, 0, 0, 0, 0, 0, 0])
  assert.deepEqual(
    full.shown.map(status => status.sinceMs),
    [100, 100, 100, 100, 100, 100, 100, null],
  )
})
