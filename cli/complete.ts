import type { Command } from 'commander'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { approvalLine, finalSteps } from './approval.ts'
import { confirm } from './confirm.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { hasChanged } from './follow.ts'
import { order } from './order.ts'
import { plain } from './print.ts'
import { type Target, runOf, target } from './target.ts'
import { type WaitOptions, waitFor, waitSeconds, withWait } from './waiting.ts'
import type { RunView } from '@cutover/engine/api/plan'

/** `cutover complete RUN|LINK`: lets a finished run pass its point of no return. */
export const completeVerb = (terminal: Terminal): Command =>
  withWait(
    verb(terminal, {
      name: 'complete',
      summary: 'Retire the old way of a finished run: the steps that cannot be undone',
      examples: ['complete R-7', 'complete COMM-040 --yes --wait --json'],
      timeoutSeconds: waitSeconds,
      timeoutOf: 'the end of the run',
    }).argument('<run|link>', 'the run, for example R-7, or the link that it moves', target),
  )
    .option('--yes', 'do not ask; needed where nobody can be asked')
    .action(async (named: Target, options: WaitOptions & { yes?: true }, command: Command) => {
      const context = contextOf(terminal, command)
      if (context.screen === null && options.yes !== true)
        throw new CommandFailed(
          exitCodes.usage,
          'complete passes the point of no return, and nobody is here to be asked',
          'repeat it with --yes if that is meant',
        )
      const before = await runOf(context, named)
      if (options.yes !== true && before.can.includes('complete')) {
        // Nobody is asked to type a name for what would be refused then.
        if (before.approval?.wanted === true) throw unapproved(before)
        await ask(context, before)
      }
      const run = await order(context, before, 'complete')
      const changed = hasChanged(before)
      await waitFor(
        context,
        run,
        { heading: 'complete', isTaken: run => run.heading === 'complete' && changed(run) },
        options,
        `${plain(run.run)} passes its point of no return: the old way of ${plain(run.link)} is retired.`,
      )
    })

const unapproved = (run: RunView): CommandFailed =>
  new CommandFailed(
    exitCodes.waits,
    `${plain(run.run)} would pass its point of no return: ${approvalLine(run)}`,
    `have the second person approve it with: npx cutover approve ${plain(run.run)}, then repeat`,
  )

async function ask(context: Context, run: RunView): Promise<void> {
  context.note(finalSteps(run, context.screen?.columns ?? 80).join('\n'))
  const link = plain(run.link)
  // Typing the name makes sure that the eye has seen which link it is.
  await confirm(context, `Type ${link} to go on: `, new RegExp(`^${link.replaceAll(/\W/g, String.raw`\$&`)}$`))
}
