// `npm run soak`: the whole system for minutes to days, with moves and faults, and a report at the end.
import { parseArgs } from 'node:util'
import { lacking } from '@cutover/sandbox/kafka/jars'
import { seeded } from './chaos.ts'
import type { Move } from './journey.ts'
import { leaderOf } from './leader.ts'
import { reportText, soak, type Strike } from './soaking.ts'
import { startSystem, type System } from './system.ts'

const usage = `npm run soak [-- --minutes N] [--rate R] [--seed S] [--kafka] [--json]
  --minutes N  how long faults and moves go on (default 10); the last moves are taken back after that
  --rate R     answers per second of the people (default 20)
  --seed S     which faults come in which order (default 1)
  --kafka      three Kafka brokers carry the events; needs Java and Maven
  --json       prints the report as JSON
Exit codes: 0 all is well, 3 something is wrong, 64 wrong usage, 69 the system does not start.`

const everyMs = 20_000
const instances = 'hiring=2,bonuses=2,engine=2'
const moves: readonly Move[] = [
  { link: 'COMM-040', to: 'event' },
  { link: 'COMM-070', to: 'event' },
]
const topic = 'hiring.task-completed'

const kill = (service: string, instance?: number): Strike => ({
  name: `kill ${service}`,
  faults: () => [{ kind: 'kill', service, ...(instance === undefined ? {} : { instance }) }],
})
const stand = (service: string, seconds: number, instance?: number): Strike => ({
  name: `pause ${service}, ${seconds} s`,
  faults: () => [{ kind: 'pause', service, seconds, ...(instance === undefined ? {} : { instance }) }],
})
const other = (broker: number): number => (broker % 3) + 1

const always: readonly Strike[] = [
  kill('bonuses', 1),
  kill('hiring', 1),
  kill('management'),
  kill('engine', 1),
  { ...kill('engine'), name: 'kill all engines' },
  kill('postgres'),
  stand('bonuses', 5),
  stand('hiring', 5, 2),
  stand('engine', 8, 1),
  stand('postgres', 4),
]

const ofBrokers: readonly Strike[] = [
  { name: 'kill a leader', faults: async system => [{ kind: 'kill', service: 'kafka', instance: await leaderOf(system, topic) }] },
  { name: 'pause a leader, 12 s', faults: async system => [await pauseOf(system, 12)] },
  {
    name: 'kill two brokers',
    async faults(system) {
      const leader = await leaderOf(system, topic)
      return [leader, other(leader)].map(instance => ({ kind: 'kill', service: 'kafka', instance }))
    },
  },
  { ...kill('kafka'), name: 'kill all brokers' },
  { ...stand('kafka', 6), name: 'pause all brokers, 6 s' },
]

const pauseOf = async (system: System, seconds: number) =>
  ({ kind: 'pause', service: 'kafka', instance: await leaderOf(system, topic), seconds }) as const

process.exitCode = await main()

async function main(): Promise<number> {
  const chosen = choose()
  if (typeof chosen === 'string') {
    console.error(chosen)
    return 64
  }
  const why = chosen.kafka ? await lacking() : null
  if (why !== null) {
    console.error(why)
    return 69
  }
  let system: System
  try {
    const environment = chosen.kafka ? { CUTOVER_BROKER: 'kafka' } : {}
    system = await startSystem({ instances, rate: chosen.rate, patient: true, environment })
  } catch (error) {
    console.error((error as Error).message)
    return 69
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void system.stop().finally(() => process.exit(130)))
  try {
    const began = Date.now()
    const report = await soak(system, {
      moves,
      strikes: chosen.kafka ? [...ofBrokers, ...always] : always,
      forMs: chosen.minutes * 60_000,
      everyMs,
      chance: seeded(chosen.seed),
      told: line => console.error(`${Math.round((Date.now() - began) / 1_000)} s: ${line}`),
    })
    const head = { log: chosen.kafka ? 'kafka' : 'postgres', rate: chosen.rate, seed: chosen.seed }
    console.log(
      chosen.json
        ? JSON.stringify({ ...head, ...report }, null, 2)
        : `log ${head.log}, ${head.rate} answers a second, seed ${head.seed}\n${reportText(report)}`,
    )
    return report.wrong.length === 0 ? 0 : 3
  } finally {
    await system.stop()
  }
}

interface Chosen {
  readonly minutes: number
  readonly rate: number
  readonly seed: number
  readonly kafka: boolean
  readonly json: boolean
}

function choose(): Chosen | string {
  try {
    const text = (fallback: string) => ({ type: 'string', default: fallback }) as const
    const flag = { type: 'boolean', default: false } as const
    const { values } = parseArgs({ options: { minutes: text('10'), rate: text('20'), seed: text('1'), kafka: flag, json: flag } })
    const [minutes, rate, seed] = [Number(values.minutes), Number(values.rate), Number(values.seed)]
    if (!(minutes > 0 && minutes <= 10_080)) return `--minutes must be a number above 0, at most 10080\n${usage}`
    // Without answers nobody could say whether the system is back.
    if (!(rate >= 1 && rate <= 10_000)) return `--rate must be a number from 1 to 10000\n${usage}`
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) return `--seed must be a whole number from 0 to 4294967295\n${usage}`
    return { minutes, rate, seed, kafka: values.kafka, json: values.json }
  } catch (error) {
    return `${(error as Error).message}\n${usage}`
  }
}
