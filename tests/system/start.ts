// The school as `npm start` runs it, except that a test may put other programs in the place of its own.
import { superviseProgram } from '@cutover/sandbox/supervisor'
import type { ProcessDefinition } from '@cutover/sandbox/definition'
import { schoolSystem } from '../../school/system-processes.ts'

/** JSON: `{"bonuses": "/the/program.ts"}`; `{"first": {"bonuses-2": "/an/older/program.ts"}}` until the first deployment. */
const others = JSON.parse(process.env['CUTOVER_TEST_PROGRAMS'] ?? '{}') as Readonly<Record<string, string>> & {
  readonly first?: Readonly<Record<string, string>>
}

/** The port of a proxy through which services reach the log; the log's own if it is not set. */
const logPort = process.env['CUTOVER_TEST_LOG_PORT']

function byProxy(one: ProcessDefinition): ProcessDefinition {
  if (logPort === undefined) return one
  return {
    ...one,
    environment(context) {
      const all = one.environment(context)
      if (all['LOG_DATABASE_URL'] === undefined) return all
      const url = new URL(all['LOG_DATABASE_URL'])
      url.port = logPort
      return { ...all, LOG_DATABASE_URL: url.href }
    },
  }
}

const replaced = (one: ProcessDefinition): ProcessDefinition => ({
  ...one,
  file: others[one.name] ?? one.file,
  ...(others.first === undefined ? {} : ofOlderBuilds(one, others.first)),
})

/** An older build may not know all that this one can be told to do: until it is deployed anew, it does what itself would begin with. */
function ofOlderBuilds(one: ProcessDefinition, first: Readonly<Record<string, string>>): Partial<ProcessDefinition> {
  const older = (instance: number): string | undefined => first[`${one.name}-${instance}`]
  return {
    firstFile: older,
    environment(context) {
      const { CAPABILITIES, ...rest } = one.environment(context)
      const begins = context.capabilities.toSorted().join() === one.capabilities?.toSorted().join()
      return CAPABILITIES === undefined || (begins && older(context.instance) !== undefined) ? rest : { ...rest, CAPABILITIES }
    },
  }
}

await superviseProgram(home => {
  const { prepare: _, ...system } = schoolSystem(home, process.env)
  return { ...system, stages: system.stages.map(stage => stage.map(one => byProxy(replaced(one)))) }
})
