import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from './exit.ts'
import { run } from './program.ts'
import { screenOf } from './screen.ts'

// A reader that goes away early (a pager, head) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.fine)
  throw error
})

let interrupt: (() => void) | null = null
let interrupted = false
process.on('SIGINT', () => {
  // Ctrl-C comes twice, from the terminal and from the launcher; the second must not cut off what the first began.
  if (interrupted) return
  if (interrupt === null) process.exit(exitCodes.interrupted)
  interrupted = true
  interrupt()
})

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  out: text => void process.stdout.write(`${text}\n`),
  error: text => void process.stderr.write(`${text}\n`),
  screen: screenOf(process.stdin, process.stdout),
  clock: {
    now: () => Date.now(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
  },
  onInterrupt(listener) {
    interrupt = listener
    return () => {
      interrupt = null
    }
  },
})
