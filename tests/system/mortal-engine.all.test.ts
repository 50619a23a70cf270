import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openOf } from './journey.ts'
import { programOf, startSystem } from './system.ts'

const timeout = 1_500_000

test(
  'an engine that is killed with -9 at every durable write reaches the same end: forward, back, forward, completed',
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
      const { run } = await system.apply('COMM-040', { to: 'event' })
      await system.reach(run, 'finished')
      const forward = await deaths()
      await system.order(run, 'revert')
      await system.reach(run, 'reverted')
      const again = await system.apply('COMM-040', { to: 'event' })
      await system.reach(again.run, 'finished')
      await system.order(again.run, 'complete')
      const completed = await system.reach(again.run, 'completed')
      context.diagnostic(`killed ${await deaths()} times, ${forward} of them on the first way forward`)
      // Three writes for each verb at least, and a death at each.
      assert.ok(forward >= 3 * 8, `${forward} deaths`)
      assert.ok(completed.steps.every(step => step.state === 'done'))
      const history = await system.history(again.run)
      assert.equal(history.intact, true)
      for (const action of ['step begun', 'step applied', 'gate passed']) {
        const told = history.rows.filter(row => row.action === action).map(row => row.step)
        assert.equal(new Set(told).size, completed.steps.length, action)
        assert.equal(told.length, completed.steps.length, `${action} is told once for each`)
      }
      await system.traffic('stop')
      const report = await system.settle()
      assert.deepEqual([report.ok, openOf(report)], [true, 0])
    } finally {
      await system.stop()
    }
  },
)
