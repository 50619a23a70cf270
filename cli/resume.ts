import type { Command } from 'commander'
import { type Terminal, contextOf, verb } from './command.ts'
import { hasChanged } from './follow.ts'
import { order } from './order.ts'
import { plain } from './print.ts'
import { type Target, runOf, target } from './target.ts'
import { type WaitOptions, waitFor, waitSeconds, withWait } from './waiting.ts'

/** `cutover resume RUN|LINK`: lets a paused run go on, and a failed one try its step again. */
export const resumeVerb = (terminal: Terminal): Command =>
  withWait(
    verb(terminal, {
      name: 'resume',
      summary: 'Let a paused run go on, or a failed one try its step again',
      examples: ['resume R-7', 'resume COMM-040 --wait --json'],
      timeoutSeconds: waitSeconds,
      timeoutOf: 'the end of the run',
    }).argument('<run|link>', 'the run, for example R-7, or the link that it moves', target),
  ).action(async (named: Target, options: WaitOptions, command: Command) => {
    const context = contextOf(terminal, command)
    const before = await runOf(context, named)
    const run = await order(context, before, 'resume')
    await waitFor(context, run, { heading: run.heading, isTaken: hasChanged(before) }, options, `${plain(run.run)} goes on.`)
  })
