import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Move, openOf } from './journey.ts'
import { programOf, startSystem, type System } from './system.ts'

const timeout = 1_700_000
/** Every plan is killed at each of its writes by tests/every-plan.db.test.ts, in one process; here it is a process that dies. */
const moves: readonly Move[] = [{ link: 'COMM-040', to: 'event' }]

async function goAll(system: System): Promise<string[]> {
  const runs: string[] = []
  for (const { link, to } of moves) runs.push((await system.apply(link, { to })).run)
  await Promise.all(runs.map(run => system.reach(run, 'finished')))
  return runs
}

test(
  'an engine that is killed with -9 at every durable write of its runs reaches the same ends: forward, back, forward, completed',
  { timeout },
  async context => {
    const system = await startSystem({
      instances: 'hiring=2,bonuses=2',
      rate: 20,
      programs: { engine: programOf('mortal-engine.ts') },
      patient: true,
    })
    try {
      const deaths = async (): Promise<number> =>
        (await readFile(join(system.home, 'home', 'engine-deaths'), 'utf8')).split('\n').filter(Boolean).length
      const first = await goAll(system)
      const forward = await deaths()
      for (const run of first) await system.order(run, 'revert')
      await Promise.all(first.map(run => system.reach(run, 'reverted')))
      const runs = await goAll(system)
      for (const run of runs) await system.order(run, 'complete')
      const completed = await Promise.all(runs.map(run => system.reach(run, 'completed')))
      context.diagnostic(`killed ${await deaths()} times, ${forward} of them on the first way forward`)
      // Three writes for each verb at least, and a death at each.
      assert.ok(forward >= 3 * 8 * moves.length, `${forward} deaths`)
      for (const { run, steps } of completed) {
        assert.ok(steps.every(step => step.state === 'done'))
        const history = await system.history(run)
        assert.equal(history.intact, true)
        for (const action of ['step begun', 'step applied', 'gate passed']) {
          const told = history.rows.filter(row => row.action === action).map(row => row.step)
          assert.equal(new Set(told).size, steps.length, `${run}: ${action}`)
          assert.equal(told.length, steps.length, `${run}: ${action} is told once for each`)
        }
      }
      await system.traffic('stop')
      const report = await system.settle()
      assert.deepEqual([report.ok, openOf(report)], [true, 0])
    } finally {
      await system.stop()
    }
  },
)
