import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Route, VerifyReport } from '@cutover/engine/api'
import type { FaultRequest } from '@cutover/sandbox/api'
import { startSystem, type System } from './system.ts'

/**
 * Proves a plan on a running system, under traffic: for every step up to its end, forward to there, back to the start;
 * then forward to the end. After each leg the books are verified. It knows no plan: a new one needs no new code.
 */
export interface Journey {
  readonly link: string
  readonly to: Route
  /** Steps to turn back at; the last stop is the end itself. */
  readonly stops: readonly string[]
  /** Done to the system while the plan runs, one a leg, in turn. */
  readonly faults: readonly FaultRequest[]
  readonly told: (line: string) => void
}

export async function journey(system: System, { link, to, stops, faults, told }: Journey): Promise<void> {
  let leg = 0
  const strike = async (): Promise<void> => {
    const fault = faults[leg++ % Math.max(1, faults.length)]
    if (fault !== undefined) await system.fault(fault)
  }
  for (const stop of [...stops, null]) {
    const { run } = await system.apply(link, { to, ...(stop === null ? {} : { until: stop }) })
    await strike()
    await system.reach(run, stop === null ? 'finished' : 'paused')
    await clean(system, `forward to ${stop ?? 'the end'}`, told)
    await system.order(run, 'revert')
    await strike()
    await system.reach(run, 'reverted')
    await clean(system, `back from ${stop ?? 'the end'}`, told)
  }
  const { run } = await system.apply(link, { to })
  await strike()
  const finished = await system.reach(run, 'finished')
  assert.ok(finished.can.includes('complete'))
  await clean(system, 'forward to the end again', told)
}

/** Nothing lost, nothing counted twice, at this moment; what is on its way is on its way. */
async function clean(system: System, where: string, told: (line: string) => void): Promise<void> {
  const report = await system.verify()
  assert.deepEqual(
    report.links.flatMap(link => link.samples),
    [],
    where,
  )
  assert.equal(report.ok, true, where)
  told(`${where}: ${report.links.reduce((sum, one) => sum + one.facts, 0)} facts, ${openOf(report)} on their way`)
}

const faults: readonly FaultRequest[] = [
  { kind: 'kill', service: 'engine', instance: 1 },
  { kind: 'kill', service: 'bonuses', instance: 1 },
  { kind: 'kill', service: 'postgres' },
  { kind: 'kill', service: 'hiring', instance: 1 },
  { kind: 'kill', service: 'engine' },
  { kind: 'pause', service: 'bonuses', instance: 2, seconds: 2 },
  { kind: 'kill', service: 'management' },
]
const rate = 40

/** COMM-040 to its event, turning back at `stops` and at the end; then past the point of no return, and back by the other plan. */
export async function provePlan(stops: readonly string[], instances: string, context: TestContext): Promise<void> {
  const system = await startSystem({ instances, rate })
  try {
    await journey(system, { link: 'COMM-040', to: 'event', stops, faults, told: line => context.diagnostic(line) })
    // Nobody else may begin what the run holds: it is found again.
    const { run } = await system.apply('COMM-040', { to: 'event' })
    await system.order(run, 'complete')
    const completed = await system.reach(run, 'completed')
    assert.ok(completed.steps.every(step => step.state === 'done'))
    const history = await system.history(run)
    assert.equal(history.intact, true)
    assert.equal(history.rows.filter(row => row.action === 'gate passed').length, completed.steps.length)

    const back = await system.apply('COMM-040', { to: 'http' })
    await system.reach(back.run, 'finished')
    await system.order(back.run, 'complete')
    await system.reach(back.run, 'completed')

    await system.traffic('stop')
    const report = await system.settle()
    assert.equal(openOf(report), 0, 'everything that was stated has arrived')
    assert.deepEqual(
      report.links.flatMap(link => link.samples),
      [],
    )
    assert.equal(report.ok, true)
    assert.deepEqual({ balanced: report.ledger?.balanced, sum: report.ledger?.sum }, { balanced: true, sum: 0 })
  } finally {
    await system.stop()
  }
}

export const openOf = (report: VerifyReport): number => report.links.reduce((sum, link) => sum + link.open, 0)
