// `npm run bench`: what the guarantees cost, as ratios within one run. Absolute figures differ between machines and
// moments by a factor of two; a ratio of two medians that were measured in turn does not.
import { appendInBusiness, publishSingly } from './append.ts'
import { relayAndDrain } from './drain.ts'
import { ledgerConsumer } from './ledger.ts'
import { compare, type Result } from './measure.ts'

const results: Result[] = []
for (const comparison of [appendInBusiness, publishSingly, relayAndDrain, ledgerConsumer]) {
  console.log(`\n${comparison.title}`)
  console.log(`  baseline: ${comparison.baseline.name.replaceAll(/\s*\n\s*/g, '\n            ')}`)
  console.log(`  ours:     ${comparison.ours.name}`)
  const result = await compare(comparison)
  results.push(result)
  const rate = (perSecond: number): string => `${Math.round(perSecond).toLocaleString('en')}/s`
  console.log(
    `  ${rate(result.ours)} against ${rate(result.baseline)}: ratio ${result.ratio.toFixed(2)} (floor ${comparison.floor}, aim ${comparison.aim})`,
  )
}
console.log('\nratio  floor  aim   what')
for (const { ratio, comparison } of results) {
  const mark = ratio < comparison.floor ? '  below its floor' : ''
  console.log(
    `${ratio.toFixed(2).padStart(5)}  ${comparison.floor.toFixed(2).padStart(5)}  ${comparison.aim.toFixed(2)}  ${comparison.title}${mark}`,
  )
}
process.exit(0)
