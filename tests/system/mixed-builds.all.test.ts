import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { before, checkOut, skipBefore } from './build-before.ts'
import { openOf } from './journey.ts'
import { startSystem } from './system.ts'

const timeout = 900_000

test(
  'one instance of hiring and one of bonuses are of the build before: both builds work side by side until the plan deploys them, and nothing is lost',
  { timeout, skip: skipBefore },
  async context => {
    const folder = await mkdtemp(join(tmpdir(), 'cutover-build-'))
    await checkOut(before, folder)
    const first = {
      'hiring-2': join(folder, 'school/hiring/main.ts'),
      'bonuses-2': join(folder, 'school/bonuses/main.ts'),
    }
    const system = await startSystem({ instances: 'hiring=2,bonuses=2', rate: 60, programs: { first }, patient: true })
    try {
      const seen = await system.outcomes()
      while ((await system.outcomes()) < seen + 300) assert.equal((await system.verify()).ok, true)
      const data = await system.apply('COMM-070', { to: 'event' })
      const { run } = await system.apply('COMM-040', { to: 'event' })
      const finished = await system.reach(run, 'finished')
      await system.reach(data.run, 'finished')
      assert.ok(finished.steps.filter(step => step.gate?.way_back === 'open').length >= 5)
      assert.equal((await system.verify()).ok, true)
      for (const one of [run, data.run]) await system.order(one, 'revert')
      for (const one of [run, data.run]) await system.reach(one, 'reverted')
      await system.traffic('stop')
      const report = await system.settle()
      context.diagnostic(`${report.links.reduce((sum, link) => sum + link.facts, 0)} facts by two builds`)
      assert.deepEqual(
        report.links.flatMap(link => link.samples),
        [],
      )
      assert.deepEqual([report.ok, openOf(report)], [true, 0])
    } finally {
      await system.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
