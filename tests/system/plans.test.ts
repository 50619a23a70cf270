import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FaultRequest } from '@cutover/sandbox/api'
import { journey, openOf } from './journey.ts'
import { startSystem } from './system.ts'

const timeout = 540_000
const rate = 60

const faults: readonly FaultRequest[] = [
  { kind: 'kill', service: 'engine', instance: 1 },
  { kind: 'kill', service: 'bonuses', instance: 1 },
  { kind: 'kill', service: 'hiring', instance: 2 },
  { kind: 'kill', service: 'postgres' },
  { kind: 'kill', service: 'engine' },
  { kind: 'pause', service: 'bonuses', instance: 2, seconds: 2 },
  { kind: 'kill', service: 'management' },
]

test(
  'COMM-040 goes to events and back from every step, under traffic, while services, engines and PostgreSQL are killed; then it is completed, and goes back to HTTP by the other plan',
  { timeout },
  async context => {
    const system = await startSystem({ instances: 'hiring=2,bonuses=2,engine=2', rate })
    try {
      const told = (line: string): void => context.diagnostic(line)
      await journey(system, { link: 'COMM-040', to: 'event', stops: ['1', '2', '3', '4', '4a', '5'], faults, told })
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
  },
)
