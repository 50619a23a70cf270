import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from 'cutover/process/clock'
import { openLog } from 'cutover/process/log'
import { openTraffic, type Traffic } from './pace.ts'
import type { SchoolLife } from './school-life.ts'

/** A clock that is moved by hand: sleepers wake when their time has come. */
function handClock(): Clock & { pass(ms: number): Promise<void> } {
  let now = 0
  const sleepers = new Set<{ at: number; wake: () => void }>()
  const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise(resolve => {
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', () => resolve(), { once: true })
      }),
    async pass(ms) {
      for (const until = now + ms; now < until;) {
        await settle()
        now += 10
        for (const sleeper of sleepers) {
          if (sleeper.at > now) continue
          sleepers.delete(sleeper)
          sleeper.wake()
        }
      }
      await settle()
    },
  }
}

interface Lived {
  opened: number
  answered: number
  inFlight: number
  inFlightMost: number
}

/** A school in which every act succeeds at once, unless told otherwise. */
function setup(options: { rate?: number; cap?: number; answer?: () => Promise<boolean> } = {}): {
  traffic: Traffic
  lived: Lived
  pass: (ms: number) => Promise<void>
} {
  const lived: Lived = { opened: 0, answered: 0, inFlight: 0, inFlightMost: 0 }
  const life: SchoolLife = {
    waiting: 1_000_000,
    open: async () => void lived.opened++,
    writeTask: async () => undefined,
    register: async () => undefined,
    rework: async () => 0,
    look: async () => undefined,
    correct: async () => undefined,
    async answer() {
      lived.answered++
      lived.inFlightMost = Math.max(lived.inFlightMost, ++lived.inFlight)
      try {
        return await (options.answer ?? (async () => true))()
      } finally {
        lived.inFlight--
      }
    },
  }
  const clock = handClock()
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  return { traffic: openTraffic(life, { rate: options.rate ?? 100, cap: options.cap ?? 1_000_000, clock, log }), lived, pass: clock.pass }
}

test('as many answers are given per second as the rate says, and a new rate counts at once', async () => {
  const { traffic, lived, pass } = setup()
  await traffic.start()
  await pass(1_000)
  const before = lived.answered
  await pass(10_000)
  assert.ok(Math.abs(lived.answered - before - 1_000) <= 100, `${lived.answered - before} in ten seconds at 100 per second`)
  traffic.set({ rate: 10 })
  const slow = lived.answered
  await pass(10_000)
  assert.ok(Math.abs(lived.answered - slow - 100) <= 15, `${lived.answered - slow} in ten seconds at 10 per second`)
  await traffic.stop()
})

test('what is stopped stays stopped until it is started', async () => {
  const { traffic, lived, pass } = setup()
  await traffic.start()
  await pass(1_000)
  assert.equal(traffic.set({ running: false }).state, 'stopped')
  await pass(100)
  const before = lived.answered
  await pass(5_000)
  assert.equal(lived.answered, before)
  assert.equal(traffic.set({ running: true }).state, 'running')
  await pass(1_000)
  assert.ok(lived.answered > before)
  await traffic.stop()
})

test('while nobody answers, what is in flight stays bounded and the rest is dropped, not queued', async () => {
  const hanging = Promise.withResolvers<boolean>()
  const { traffic, lived, pass } = setup({ rate: 10_000, answer: () => hanging.promise })
  await traffic.start()
  await pass(10_000)
  assert.ok(lived.inFlightMost <= 64, `${lived.inFlightMost} at once`)
  assert.ok(lived.answered <= 64)
  hanging.resolve(true)
  await traffic.stop()
})

test('it rests at the cap and says so', async () => {
  const { traffic, lived, pass } = setup({ cap: 50 })
  await traffic.start()
  await pass(5_000)
  assert.deepEqual([traffic.state().state, traffic.state().running], ['capped', false])
  const { outcomes } = traffic.state()
  assert.ok(outcomes >= 50 && outcomes <= 50 + 64, `${outcomes} outcomes`)
  const before = lived.answered
  await pass(5_000)
  assert.equal(lived.answered, before)
  await traffic.stop()
})

test('services that are away make people try less often, are counted, and are tried again', async () => {
  let away = true
  const { traffic, lived, pass } = setup({
    answer: async () => {
      if (away) throw new Error('nobody answers')
      return true
    },
  })
  await traffic.start()
  await pass(3_000)
  const before = lived.answered
  await pass(10_000)
  assert.ok(lived.answered - before < 200, `${lived.answered - before} attempts in ten seconds at 100 per second`)
  assert.equal(traffic.state().last_error, 'nobody answers')
  assert.equal(traffic.state().outcomes, 0)
  away = false
  await pass(3_000)
  assert.ok(traffic.state().outcomes > 100)
  await traffic.stop()
})
