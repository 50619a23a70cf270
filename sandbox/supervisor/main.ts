import { homeFrom, StartRefused, type Home } from '../home.ts'
import type { SystemDefinition } from './definition.ts'
import { supervise, type Supervisor } from './supervisor.ts'

// The launcher passes Ctrl-C on although the terminal has sent it to us as well: what comes so soon is the same press.
const samePressMs = 700

/**
 * The program behind `npm start`: runs the system until it is told to stop, and says in one line why it
 * cannot. Ctrl-C stops it in order, a second one at once. Never returns before the end.
 */
export async function superviseProgram(define: (home: Home) => SystemDefinition): Promise<void> {
  let supervisor: Supervisor | undefined
  onStopSignals({
    first: () => {
      console.log('\nStopping. Ctrl-C again ends everything at once.')
      void stopInOrder(supervisor)
    },
    second: () => {
      supervisor?.abandon()
      process.exit(130)
    },
  })
  try {
    const home = homeFrom(process.env)
    await supervise({ definition: define(home), home, onOpen: opened => (supervisor = opened) })
  } catch (error) {
    if (stopping) return
    console.error(error instanceof StartRefused ? `cannot start: ${error.message}` : `cannot start: ${(error as Error).message}`)
    process.exit(error instanceof StartRefused ? error.exitCode : 1)
  }
}

let stopping = false

async function stopInOrder(supervisor: Supervisor | undefined): Promise<void> {
  stopping = true
  try {
    await supervisor?.stop()
    console.log('Stopped.')
    process.exit(0)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}

function onStopSignals(on: { first(): void; second(): void }): void {
  let firstMs: number | undefined
  const heard = (): void => {
    if (firstMs === undefined) {
      firstMs = Date.now()
      on.first()
    } else if (Date.now() - firstMs > samePressMs) on.second()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, heard)
  // The launcher was killed: nobody will tell us to stop any more.
  const launcher = Number(process.env['CUTOVER_LAUNCHER'] ?? 0)
  if (launcher !== process.ppid) return
  const look = setInterval(() => {
    if (process.ppid === launcher) return
    clearInterval(look)
    heard()
  }, 500)
  look.unref()
}
