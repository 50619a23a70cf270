import type { RunView } from '@cutover/engine/api/plan'
import type { Context } from './command.ts'
import { CommandFailed, Ended, exitCodes } from './exit.ts'
import type { Aim, Followed } from './follow.ts'
import { documentOf, exitOf } from './outcome.ts'
import { duration, plain, styled } from './print.ts'
import { place, sentence, standsOn, stateOf } from './sentence.ts'

/** Says how it ended and what can be typed next; throws what the exit code has to tell. */
export function conclude(context: Context, { run, end }: Followed, { heading, limitMs }: Aim): void {
  const now = context.clock.now()
  const id = plain(run.run)
  const exitCode = exitOf(run, heading, end === 'rest')
  if (context.json) context.print(documentOf(run, end === 'rest', now), String)
  if (end === 'detached' || end === 'interrupted') {
    context.note(`Detached: ${id} goes on without you. Come back with: npx cutover watch ${id}`)
    throw new Ended(end === 'detached' ? exitCodes.fine : exitCodes.interrupted)
  }
  if (exitCode === exitCodes.fine) {
    if (context.json) return
    // Where the run was drawn, its last picture has said the sentence already.
    const said = context.draws ? '\n' : `${styled('green', stateOf(run, now))}\n`
    return context.print(run, () => `${said}${nextOf(run)}`)
  }
  const waits = run.waits_for === null ? '' : `: ${sentence(run.waits_for)}`
  const [message, remedy] = troubleOf(run, end, waits, limitMs)
  throw new CommandFailed(exitCode, message, remedy)
}

type Trouble = readonly [message: string, remedy: string]

function troubleOf(run: RunView, end: Followed['end'], waits: string, limitMs: number): Trouble {
  const id = plain(run.run)
  const onward = `npx cutover resume ${id}`
  const back = run.heading === 'forward' ? `; go back with: npx cutover revert ${id}` : ''
  if (end === 'limit')
    return [
      `${id} is at ${place(run)} after ${duration(limitMs)} of waiting${waits}`,
      `it goes on by itself; come back with: npx cutover watch ${id}`,
    ]
  if (run.state === 'paused') return [`${id} is paused at ${place(run)}${waits}`, `go on with: ${onward}${back}`]
  if (run.state === 'reverted')
    return [`${id} has gone back: ${plain(run.link)} ${standsOn(run.from)} as before`, `see why with: npx cutover history --run ${id}`]
  return [`${id} failed at ${place(run)}${waits}`, `try the step again with: ${onward}${back}`]
}

/** What one may want to type after a run has come to rest as it should. */
function nextOf(run: RunView): string {
  const id = plain(run.run)
  const lines = [
    ['prove it', 'verify'],
    ...(run.can.includes('revert') ? [['go back', `revert ${id}`]] : []),
    ...(run.approval?.wanted === true ? [['have it approved', `approve ${id}`]] : []),
    ...(run.can.includes('complete') ? [['retire the old way', `complete ${id}`]] : []),
  ]
  return lines.map(([what = '', command]) => `  ${what.padEnd(18)}  npx cutover ${command}`).join('\n')
}
