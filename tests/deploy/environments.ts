// What processes are told in their environment, read as they read it themselves.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readServiceEnvironment } from '../../cutover/service/environment.ts'
import { readTracing } from '../../cutover/telemetry/sdk.ts'
import { readEngineEnvironment } from '../../engine/environment.ts'
import { homeFrom } from '../../sandbox/home.ts'
import { events } from '../../school/contracts/events.ts'
import { links } from '../../school/contracts/links.ts'
import { schoolSystem } from '../../school/system-processes.ts'

type Environment = Readonly<Record<string, string>>

export const root = join(import.meta.dirname, '../..')

/** The variables that a source file names, as our readers do: `PORT: { kind: …` or `environment['CUTOVER_PORT']`. */
function namesIn(...files: readonly string[]): string[] {
  return files.flatMap(file => {
    const text = readFileSync(join(root, file), 'utf8')
    return [...text.matchAll(/^\s+([A-Z][A-Z0-9_]+): \{|environment(?:\[|, )'([A-Z0-9_]+)'/gm)].map(([, one, other]) => one ?? other ?? '')
  })
}

const service = 'cutover/service/environment.ts'
const engine = 'engine/environment.ts'
const tracing = 'cutover/telemetry/sdk.ts'

/** By the program that a container runs: the files that say what it reads. */
const readers: Readonly<Record<string, readonly string[]>> = {
  'school/management/main.ts': [service, tracing],
  'school/hiring/main.ts': [service, tracing],
  'school/bonuses/main.ts': [service, tracing],
  'school/operations/main.ts': [engine, tracing],
  'school/finance/main.ts': ['school/finance/main.ts'],
  'school/traffic/main.ts': ['school/traffic/main.ts'],
  'school/make-home.ts': ['sandbox/home.ts'],
  // It hands on what is not its own.
  'school/start.ts': ['sandbox/home.ts', 'school/system-processes.ts', service, tracing],
}

/** What is wrong with the environment of a program: names that nobody reads, and whatever its own reader says. */
export function faultsOf(program: string, environment: Environment): readonly string[] {
  const files = readers[program]
  if (files === undefined) return [`${program} is no program that is deployed`]
  const known = new Set(namesIn(...files))
  const unknown = Object.keys(environment).flatMap(name => (known.has(name) ? [] : [`${program} does not read ${name}`]))
  try {
    readTracing(environment)
    const [, name = ''] = /^school\/(\w+)\/main\.ts$/.exec(program) ?? []
    if (files.includes(engine)) readEngineEnvironment(environment)
    else if (program === 'school/start.ts') schoolSystem(homeFrom(environment), environment)
    else if (program === 'school/make-home.ts') homeFrom(environment)
    else if (files.includes(service)) readServiceEnvironment(name, links, events, [], environment)
    return unknown
  } catch (error) {
    return [...unknown, (error as Error).message]
  }
}
