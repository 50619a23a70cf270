// `npm start`: the whole school on this machine.
import { parseArgs } from 'node:util'
import { exitCodes, StartRefused } from '@cutover/sandbox/home'
import { superviseProgram } from '@cutover/sandbox/supervisor'
import { schoolSystem } from './system-processes.ts'

await superviseProgram(home => schoolSystem(home, { ...process.env, ...chosen() }))

/** What the command line says, as the variables that it stands for. */
function chosen(): NodeJS.ProcessEnv {
  try {
    const { values } = parseArgs({ options: { kafka: { type: 'boolean', default: false } } })
    return values.kafka ? { CUTOVER_BROKER: 'kafka' } : {}
  } catch (error) {
    throw new StartRefused(`${(error as Error).message} Use: npm start [-- --kafka]`, exitCodes.usage)
  }
}
