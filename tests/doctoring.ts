// What tests of the doctor share: looking until something is seen, and worlds that are broken on paper, from one that was found.
import assert from 'node:assert/strict'
import type { Diagnosis } from '../cutover/contract/diagnosis.ts'
import { systemClock } from '../cutover/process/clock.ts'
import { type DoctorReport, type Finding, findingWords, foundSaid, wantedSaid } from '../engine/api/doctor.ts'
import type { Found, OwnBooks, Told } from '../engine/doctor/found.ts'
import { programOf } from '../cli/program.ts'
import type { Terminal } from '../cli/command.ts'
import type { SmallSystem } from './small-system.ts'

export const doctor = async (system: SmallSystem): Promise<DoctorReport> => (await system.call<DoctorReport>('GET', '/api/doctor')).body

const looksMax = 150

/** Looks again and again until it sees what is expected: what it is about takes its time. Gives up with what it saw last. */
export async function until(system: SmallSystem, expected: (report: DoctorReport) => boolean): Promise<DoctorReport> {
  let report = await doctor(system)
  for (let look = 1; !expected(report); look++) {
    assert.ok(
      look < looksMax,
      `after ${look} looks: ${JSON.stringify(report.findings.map(one => [one.code, one.where, one.commands, one.params]))}`,
    )
    await systemClock.sleep(100)
    report = await doctor(system)
  }
  return report
}

/** The same world, but for what one service reports. */
export function reporting(found: Found, service: string, change: (told: Diagnosis) => Partial<Diagnosis>): Found {
  const all = (found.services.get(service) ?? []).map((one): Told =>
    one.is === 'told' ? { ...one, told: { ...one.told, ...change(one.told) } } : one,
  )
  return answering(found, service, all)
}

/** The same world, but for what is at the addresses of one service. */
export const answering = (found: Found, service: string, all: readonly Told[]): Found => ({
  ...found,
  services: new Map([...found.services, [service, all]]),
})

export const owning = (found: Found, own: Partial<OwnBooks>): Found => ({ ...found, own: { ...found.own, ...own } })

/** What is wrong with how a finding is said: a parameter that is missing, a code without words. */
export const unsaid = (one: Finding): string[] =>
  one.code in findingWords ? [foundSaid(one), wantedSaid(one)].filter(text => text === '' || /\{\w+\}/.test(text)) : [one.code]

/** Commands that belong to the command line and come with other parts of it. */
const elsewhere = new Set(['dead-letters', 'refill'])
const nobody = { environment: {}, out: () => undefined, error: () => undefined, screen: null, onInterrupt: () => () => undefined }

/** What is wrong with a command that a finding names: the command line has no such verb, or the verb no such option. */
export function unknownIn(command: string): string[] {
  const [npx, program, name = '', ...words] = command.split(' ')
  if (npx !== 'npx' || program !== 'cutover') return /^(npm start|psql |timedatectl )/.test(command) ? [] : [command]
  if (elsewhere.has(name)) return []
  const root = programOf({ ...nobody, clock: { now: () => 0, sleep: async () => undefined } } satisfies Terminal)
  const verb = root.commands.find(one => one.name() === name)
  if (verb === undefined) return [command]
  const own = verb.commands.find(one => one.name() === words[0]) ?? verb
  const options = new Set(own.options.map(one => one.long))
  return words.filter(word => word.startsWith('--') && !options.has(word)).map(word => `${command}: ${word}`)
}
