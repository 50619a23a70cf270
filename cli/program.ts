import { Command, CommanderError } from 'commander'
import { applyVerb } from './apply.ts'
import { certificatesVerb } from './certificates.ts'
import type { Terminal } from './command.ts'
import { approveVerb } from './approve.ts'
import { completeVerb } from './complete.ts'
import { copyVerb } from './copy.ts'
import { deployVerb } from './deploy.ts'
import { doctorVerb } from './doctor.ts'
import { epochVerb } from './epoch.ts'
import { deliveryVerb } from './delivery.ts'
import { CommandFailed, Ended, type ExitCode, exitCodes } from './exit.ts'
import { deadLettersVerb } from './dead-letters.ts'
import { exportVerb } from './export.ts'
import { faultVerb } from './fault.ts'
import { historyVerb } from './history.ts'
import { lensVerb } from './lens.ts'
import { linksVerb } from './links.ts'
import { parityVerb } from './parity.ts'
import { pauseVerb } from './pause.ts'
import { planVerb } from './plan.ts'
import { readsVerb } from './reads.ts'
import { refillVerb } from './refill.ts'
import { resumeVerb } from './resume.ts'
import { revertVerb } from './revert.ts'
import { runVerb } from './run.ts'
import { runsVerb } from './runs.ts'
import { statusVerb } from './status.ts'
import { switchVerb } from './switch.ts'
import { tokenVerb } from './token.ts'
import { topicVerb } from './topic.ts'
import { topicsVerb } from './topics.ts'
import { traceVerb } from './trace.ts'
import { trafficVerb } from './traffic.ts'
import { verifyVerb } from './verify.ts'
import { watchVerb } from './watch.ts'

const closing = `
Exit codes: 0 fine, 1 failed, 2 changes (plan --detailed-exitcode), 3 a check or gate failed, 4 held by another run or
stale, 5 paused or waiting, 6 reverted, 64 wrong usage, 69 not running, 77 not permitted, 130 interrupted.
CUTOVER_HOME names the data directory (default: .cutover in the project). See docs/cli.md.`

// In the order of the help.
const toLook = [statusVerb, linksVerb, deliveryVerb, topicsVerb, doctorVerb, traceVerb]
const toMove = [planVerb, applyVerb, watchVerb, pauseVerb, resumeVerb, revertVerb, approveVerb, completeVerb, runsVerb, runVerb]
const toProve = [lensVerb, parityVerb, readsVerb, certificatesVerb, historyVerb, verifyVerb]
const toMend = [deadLettersVerb, refillVerb]
const byHand = [switchVerb, deployVerb, epochVerb, topicVerb, copyVerb, trafficVerb, faultVerb, tokenVerb, exportVerb]
const verbs = [...toLook, ...toMove, ...toProve, ...toMend, ...byHand]

/** All commands. One file per verb. */
export function programOf(terminal: Terminal): Command {
  const program = new Command('cutover')
    .description('Look at a running system, move its links, and prove that nothing was lost.')
    .version('0.1.0', '--version', 'print the version')
    .showHelpAfterError('  see: npx cutover --help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', closing)
    .configureOutput({ writeOut: text => terminal.out(text.trimEnd()), writeErr: text => terminal.error(text.trimEnd()) })
    .exitOverride()
  for (const make of verbs) program.addCommand(make(terminal))
  return program
}

/** Runs one command line and resolves with its exit code. Everything that goes wrong has been printed by then. */
export async function run(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    await programOf(terminal).parseAsync(words, { from: 'user' })
    return exitCodes.fine
  } catch (error) {
    // commander has printed its own: help and version are fine, the rest is usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage
    if (error instanceof Ended) return error.exitCode
    if (!(error instanceof CommandFailed)) throw error
    terminal.error(words.includes('--json') ? JSON.stringify(asJson(error)) : `error: ${error.message}\n  ${error.remedy}`)
    return error.exitCode
  }
}

const asJson = ({ message, remedy, exitCode, problem }: CommandFailed): object => ({
  error: { message, remedy, exit_code: exitCode, ...(problem === null ? {} : { problem }) },
})
