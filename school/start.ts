// `npm start`: the whole school on this machine.
import { superviseProgram } from '@cutover/sandbox/supervisor'
import { schoolSystem } from './system-processes.ts'

await superviseProgram(home => schoolSystem(home, process.env))
