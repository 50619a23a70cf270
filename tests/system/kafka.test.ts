import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipKafka } from '../kafka.ts'
import { leaderOf } from './leader.ts'
import { reportText, soak } from './soaking.ts'
import { startSystem } from './system.ts'

const topic = 'hiring.task-completed'
const skip = await skipKafka()

// The long one is `npm run soak -- --kafka`.
test(
  'COMM-040 and COMM-070 are moved to events and back on three Kafka brokers, while a leader is killed and another stands still: nothing is lost, nothing comes twice',
  { skip, timeout: 400_000 },
  async context => {
    const system = await startSystem({ instances: 'bonuses=2', rate: 20, patient: true, environment: { CUTOVER_BROKER: 'kafka' } })
    let instance = 1
    try {
      const report = await soak(system, {
        moves: [
          { link: 'COMM-040', to: 'event' },
          { link: 'COMM-070', to: 'event' },
        ],
        strikes: [
          {
            name: 'kill a leader',
            async faults() {
              instance = await leaderOf(system, topic)
              return [{ kind: 'kill', service: 'kafka', instance }]
            },
          },
          {
            name: 'pause a broker',
            faults: () => [{ kind: 'pause', service: 'kafka', instance: (instance % 3) + 1, seconds: 8 }],
          },
        ],
        forMs: 20_000,
        everyMs: 8_000,
        chance: () => 0,
        told: line => context.diagnostic(line),
      })
      context.diagnostic(reportText(report))
      assert.deepEqual(report.wrong, [])
      assert.ok((report.faults['kill a leader'] ?? 0) > 0 && (report.faults['pause a broker'] ?? 0) > 0)
      assert.ok(report.applied >= 2 && report.reverted >= 2, 'both were moved and taken back')
      assert.ok(report.facts > 0)
    } finally {
      await system.stop()
    }
  },
)
