// The school as `npm start` runs it, except that a test may put another program in the place of bonuses.
import { superviseProgram } from '@cutover/sandbox/supervisor'
import { schoolSystem } from '../../school/system-processes.ts'

const control = process.env['CUTOVER_TEST_BONUSES']

await superviseProgram(home => {
  const system = schoolSystem(home, process.env)
  if (control === undefined) return system
  return { ...system, stages: system.stages.map(stage => stage.map(one => (one.name === 'bonuses' ? { ...one, file: control } : one))) }
})
