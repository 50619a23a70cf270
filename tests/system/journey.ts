import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Route, VerifyReport } from '@cutover/engine/api'
import type { FaultRequest } from '@cutover/sandbox/api'
import { isFinal } from '../../engine/plan/plan.ts'
import { plans } from '../../school/plans/plans.ts'
import { startSystem, type System } from './system.ts'

/** A link that moves, and where to. */
export interface Move {
  readonly link: string
  readonly to: Route
}

/** Turn back at every step; or only at the end, and then home by the other plans; or at the end of the way there, and no more. */
export type Stops = 'all' | 'ends' | 'end'

export const otherWay = ({ link, to }: Move): Move => ({ link, to: to === 'event' ? 'http' : 'event' })

/** The steps at which a plan can be stopped and turned back: those before its point of no return, but for the last of them. */
export function stopsOf({ link, to }: Move): readonly string[] {
  const plan = plans.find(one => one.id === link && one.to === to)
  assert.ok(plan, `there is no plan that takes ${link} to ${to}`)
  const final = plan.steps.findIndex(step => step.verbs.some(isFinal))
  return plan.steps
    .slice(0, final === -1 ? plan.steps.length : final)
    .map(step => step.id)
    .slice(0, -1)
}

/**
 * Proves plans on a running system, under traffic, all of them at once: for every step before their points of no return,
 * forward to there and back to the start; then forward to the end and back; then forward, past the point of no return; and,
 * unless it is the shortest journey, home by the plans of the other direction. After each leg the books are verified: nothing missing, nothing double,
 * nothing different, copies equal row by row. It knows no plan: a new one needs no new code.
 */
export async function journey(
  system: System,
  options: {
    readonly moves: readonly Move[]
    readonly stops: Stops
    /** Done to the system while plans run, one a leg, in turn. */
    readonly faults: readonly FaultRequest[]
    readonly told: (line: string) => void
  },
): Promise<void> {
  const { moves, faults, told } = options
  let leg = 0
  const strike = async (): Promise<void> => {
    const fault = faults[leg++ % Math.max(1, faults.length)]
    if (fault !== undefined) await system.fault(fault)
  }
  const forward = async (
    some: readonly (Move & { readonly until?: string })[],
    ...states: Parameters<System['reach']>[1][]
  ): Promise<string[]> => {
    const runs: string[] = []
    for (const { link, to, until } of some) runs.push((await system.apply(link, { to, ...(until === undefined ? {} : { until }) })).run)
    await strike()
    await Promise.all(runs.map(run => system.reach(run, ...states)))
    return runs
  }
  const order = async (runs: readonly string[], verb: 'revert' | 'complete', state: 'reverted' | 'completed'): Promise<void> => {
    for (const run of runs) await system.order(run, verb)
    await strike()
    await Promise.all(runs.map(run => system.reach(run, state)))
  }

  const stops = options.stops !== 'all' ? 0 : Math.max(...moves.map(move => stopsOf(move).length))
  for (let stop = 0; stop < stops; stop++) {
    const some = moves.flatMap(move => {
      const until = stopsOf(move)[stop]
      return until === undefined ? [] : [{ ...move, until }]
    })
    const where = some.map(({ link, until }) => `${link} ${until}`).join(', ')
    const runs = await forward(some, 'paused')
    await clean(system, `forward to ${where}`, told)
    await order(runs, 'revert', 'reverted')
    await clean(system, `back from ${where}`, told)
  }
  await order(await forward(moves, 'finished'), 'revert', 'reverted')
  await clean(system, 'back from the end', told)
  const runs = await forward(moves, 'finished')
  await clean(system, 'forward to the end', told)
  await order(runs, 'complete', 'completed')
  await clean(system, 'completed', told)
  for (const run of runs) {
    const { intact, rows } = await system.history(run)
    const { steps } = await system.run(run)
    assert.equal(intact, true)
    assert.equal(rows.filter(row => row.action === 'gate passed').length, steps.length, `${run}: each step passed once`)
  }
  if (options.stops === 'end') return
  const home = await forward(moves.map(otherWay), 'finished')
  await clean(system, 'home by the other plans', told)
  await order(home, 'complete', 'completed')
  await clean(system, 'completed at home', told)
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
  told(
    `${where}: ${report.links.reduce((sum, one) => sum + one.facts, 0)} facts on ${report.links.length} links, ${openOf(report)} on their way`,
  )
}

const faults: readonly FaultRequest[] = [
  { kind: 'kill', service: 'engine', instance: 1 },
  { kind: 'kill', service: 'bonuses', instance: 1 },
  { kind: 'kill', service: 'postgres' },
  { kind: 'kill', service: 'hiring', instance: 1 },
  { kind: 'kill', service: 'engine' },
  { kind: 'pause', service: 'bonuses', instance: 2, seconds: 2 },
  { kind: 'kill', service: 'management', instance: 1 },
]
/** The journey of these moves on a system of their own, with kills of services, engines and PostgreSQL in between. */
export async function provePlans(
  moves: readonly Move[],
  stops: Stops,
  /** Outcomes per second: enough that the facts of these links come by. */
  rate: number,
  instances: string,
  context: TestContext,
): Promise<void> {
  const system = await startSystem({ instances, rate, patient: true })
  try {
    const began = Date.now()
    const told = (line: string): void => context.diagnostic(`${Math.round((Date.now() - began) / 1000)} s: ${line}`)
    await journey(system, { moves, stops, faults, told })
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
