import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { lacking } from '@cutover/sandbox/kafka/jars'
import { appendComparisons } from './append.ts'
import { type Comparison, type Measured, measure } from './compare.ts'
import { verdict } from './goals.ts'
import { kafkaComparisons } from './kafka.ts'
import { ledgerComparison } from './ledger.ts'
import { openPlace, type Place } from './place.ts'
import { relayComparison } from './relay.ts'

const usage = `npm run bench [-- [--rounds N] [--json] [append] [relay] [ledger] [kafka]]
  --rounds N  rounds that count, after one that warms up (default 5)
  --json      prints the figures as JSON and nothing else
  append, relay, ledger, kafka: only these (default: all)`

const subjects: Readonly<Record<string, (place: Place) => Promise<readonly Comparison[]>>> = {
  append: appendComparisons,
  relay: async place => [await relayComparison(place)],
  ledger: async place => [await ledgerComparison(place)],
  kafka: kafkaOrNothing,
}

/** Where there is no Java or Maven, it is left out and said. */
async function kafkaOrNothing(place: Place): Promise<readonly Comparison[]> {
  const why = await lacking()
  if (why === null) return kafkaComparisons(place)
  console.error(`SKIPPED, all figures of Kafka: ${why}`)
  return []
}

interface Options {
  readonly rounds: number
  readonly json: boolean
  readonly chosen: readonly string[]
}

const options = choose()
if (typeof options === 'string') {
  console.error(options)
  process.exit(64)
}
const place = await openPlace()
try {
  await run(place, options)
} finally {
  await place.stop()
}
// Doorbells and pools of the contenders have nothing left to say.
process.exit(0)

function choose(): Options | string {
  try {
    const { values, positionals } = parseArgs({
      options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const rounds = Number(values.rounds)
    if (!Number.isInteger(rounds) || rounds < 1 || rounds > 99) return `--rounds must be a whole number from 1 to 99\n${usage}`
    const unknown = positionals.filter(name => !(name in subjects))
    if (unknown.length > 0) return `there is nothing to measure by the name of ${unknown.join(', ')}\n${usage}`
    return { rounds, json: values.json, chosen: positionals.length === 0 ? Object.keys(subjects) : positionals }
  } catch (error) {
    return `${(error as Error).message}\n${usage}`
  }
}

async function run(place: Place, { rounds, json, chosen }: Options): Promise<void> {
  if (!json) {
    const processors = cpus()
    console.log(`${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}\n${place.settings}`)
    console.log(`Medians of ${rounds} rounds, contenders in turn. Only the ratios say anything; each is ours divided by the other.\n`)
  }
  const all: Measured[] = []
  for (const name of chosen) {
    for (const comparison of (await subjects[name]?.(place)) ?? []) {
      const measured = await measure(comparison, rounds, () => place.settle())
      all.push(measured)
      if (!json) show(measured, comparison)
    }
  }
  if (json) console.log(JSON.stringify(all, null, 2))
  else summarize(all)
}

function summarize(all: readonly Measured[]): void {
  console.log('ratio  floor   aim')
  for (const { title, others } of all) {
    for (const { ratio, goal, name } of others) {
      const figures = [ratio, goal.floor, goal.aim].map(figure => figure.toFixed(2).padStart(5)).join('  ')
      console.log(`${figures}  ${title}, against: ${name} (${verdict(ratio, goal)})`)
    }
  }
}

function show(measured: Measured, comparison: Comparison): void {
  const rate = (perSecond: number): string => `${Math.round(perSecond).toLocaleString('en')} /s`.padStart(12)
  console.log(`== ${measured.title}`)
  console.log(`${rate(measured.ours.perSecond)}  ${measured.ours.name}`)
  for (const other of measured.others) {
    console.log(`${rate(other.perSecond)}  ${other.name}`)
    const range = `${other.lowest.toFixed(2)} to ${other.highest.toFixed(2)}`
    const { floor, aim } = other.goal
    console.log(
      `${'ratio'.padStart(12)}  ${other.ratio.toFixed(2)} (${range}); floor ${floor}, aim ${aim}: ${verdict(other.ratio, other.goal)}`,
    )
  }
  for (const { name, sql } of comparison.others)
    if (sql !== undefined) console.log(`\n   ${name}:\n${sql.replace(/^\n/, '').replaceAll(/^/gm, '   | ')}`)
  console.log()
}
