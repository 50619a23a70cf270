// The school as `npm start` runs it, except that a test may put other programs in the place of its own.
import { superviseProgram } from '@cutover/sandbox/supervisor'
import type { ProcessDefinition } from '@cutover/sandbox/definition'
import { schoolSystem } from '../../school/system-processes.ts'

/** JSON: `{"bonuses": "/the/program.ts"}`; `{"first": {"bonuses-2": "/an/older/program.ts"}}` until the first deployment. */
const others = JSON.parse(process.env['CUTOVER_TEST_PROGRAMS'] ?? '{}') as Readonly<Record<string, string>> & {
  readonly first?: Readonly<Record<string, string>>
}

const replaced = (one: ProcessDefinition): ProcessDefinition => ({
  ...one,
  file: others[one.name] ?? one.file,
  ...(others.first === undefined ? {} : { firstFile: (instance: number) => others.first?.[`${one.name}-${instance}`] }),
})

await superviseProgram(home => {
  const { prepare: _, ...system } = schoolSystem(home, process.env)
  return { ...system, stages: system.stages.map(stage => stage.map(replaced)) }
})
