import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VerifyReport } from '@cutover/engine/api'
import type { FaultRequest } from '@cutover/sandbox/api'
import { chaos, seeded } from './chaos.ts'
import { programOf, startSystem, type System } from './system.ts'

const instances = 'hiring=2,bonuses=2'
const rate = 300
const seed = Number(process.env['CUTOVER_SEED'] ?? 20_261_123)
const timeout = 540_000

const kills: readonly FaultRequest[] = [
  { kind: 'kill', service: 'hiring', instance: 1 },
  { kind: 'kill', service: 'hiring', instance: 2 },
  { kind: 'kill', service: 'bonuses', instance: 1 },
  { kind: 'kill', service: 'bonuses', instance: 2 },
  { kind: 'kill', service: 'management' },
  { kind: 'kill', service: 'engine' },
]
const pauses: readonly FaultRequest[] = [
  { kind: 'pause', service: 'bonuses', instance: 1, seconds: 2 },
  { kind: 'pause', service: 'bonuses', instance: 2, seconds: 2 },
]

const sum = (report: VerifyReport, field: 'missing' | 'double' | 'different' | 'extra' | 'open'): number =>
  report.links.reduce((all, link) => all + link[field], 0)

async function withSystem(options: { programs?: Record<string, string> }, work: (system: System) => Promise<void>): Promise<void> {
  const system = await startSystem({ instances, rate, able: true, ...options })
  try {
    await work(system)
  } finally {
    await system.stop()
  }
}

test(
  'fifty changes of route under traffic while every service is killed: facts equal effects, amounts follow the policy, balances sum to zero',
  { timeout },
  async context => {
    await withSystem({}, async system => {
      const began = Date.now()
      const report = await chaos(system, { flips: 50, faults: [...kills, ...pauses], chance: seeded(seed) })
      const seconds = (Date.now() - began) / 1_000
      const outcomes = await system.outcomes()
      await system.traffic('stop')
      const verdict = await system.settle()
      context.diagnostic(
        `seed ${seed}: ${report.flips} changes of route, ${outcomes} outcomes, ${Math.round(outcomes / seconds)} a second, faults ${JSON.stringify(report.faults)}`,
      )
      const open = sum(verdict, 'open')
      // Where it is says what is wrong.
      const where = open === 0 ? '' : JSON.stringify({ dead: await system.deadLetters(), ...(await system.delivery()) })
      assert.equal(open, 0, `everything that was stated has arrived ${where}`)
      assert.deepEqual(
        verdict.links.flatMap(link => link.samples),
        [],
      )
      assert.equal(verdict.ok, true)
      assert.deepEqual({ balanced: verdict.ledger?.balanced, sum: verdict.ledger?.sum }, { balanced: true, sum: 0 })
      for (const link of verdict.links.filter(one => one.link !== 'COMM-030')) assert.equal(link.effects, link.facts, link.link)
    })
  },
)

test('the control: when each instance acts by a flag of its own, facts are lost', { timeout }, async () => {
  await withSystem({ programs: { bonuses: programOf('controls/own-flag.ts') } }, async system => {
    await chaos(system, { flips: 20, faults: [], chance: seeded(seed) })
    await system.traffic('stop')
    assert.ok(sum(await system.settle(), 'missing') > 0, 'this control loses facts; if it did not, the test would be too weak')
  })
})

test('the control: without the shared key, facts are paid twice', { timeout }, async () => {
  await withSystem({ programs: { bonuses: programOf('controls/no-shared-key.ts') } }, async system => {
    const twice = async (): Promise<boolean> => sum(await system.verify(), 'double') > 0
    await chaos(system, { flips: 50, faults: [...kills, ...pauses], chance: seeded(seed), until: twice })
    assert.ok(await twice(), 'this control pays twice; if it did not, the test would be too weak')
  })
})
