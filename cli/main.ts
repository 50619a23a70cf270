import { exitCodes } from './exit.ts'
import { run } from './program.ts'

// A reader that goes away early (a pager, head) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.fine)
  throw error
})

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  out: text => void process.stdout.write(`${text}\n`),
  error: text => void process.stderr.write(`${text}\n`),
})
