import type { Command } from 'commander'
import { type Terminal, contextOf, verb } from './command.ts'
import { confirm, yes } from './confirm.ts'
import { hasChanged } from './follow.ts'
import { hanging } from './gate.ts'
import { undone } from './keyboard.ts'
import { order } from './order.ts'
import { plain } from './print.ts'
import { routeName, sentence } from './sentence.ts'
import { type Target, runOf, target } from './target.ts'
import { type WaitOptions, waitFor, waitSeconds, withWait } from './waiting.ts'

/** `cutover revert RUN|LINK`: takes back, one by one, what a run has done. */
export const revertVerb = (terminal: Terminal): Command =>
  withWait(
    verb(terminal, {
      name: 'revert',
      summary: 'Go back: undo the steps of a run, the last one first',
      examples: ['revert R-7', 'revert COMM-040 --wait --json'],
      timeoutSeconds: waitSeconds,
      timeoutOf: 'the end of the run',
    }).argument('<run|link>', 'the run, for example R-7, or the link that it moves', target),
  )
    .option('--yes', 'do not ask')
    .action(async (named: Target, options: WaitOptions & { yes?: true }, command: Command) => {
      const context = contextOf(terminal, command)
      const before = await runOf(context, named)
      if (context.screen !== null && options.yes !== true && before.can.includes('revert')) {
        const back = before.steps.filter(({ state }) => state !== 'pending' && state !== 'reverted').toReversed()
        context.note(
          back
            .filter(({ inverse }) => inverse !== null)
            .flatMap(({ step, inverse }) =>
              hanging(`  ${plain(step).padEnd(3)} `, inverse === null ? '' : sentence(inverse), context.screen?.columns ?? 80),
            )
            .join('\n'),
        )
        await confirm(context, `Undo ${undone(before)} of ${before.run}? [y/N] `, yes)
      }
      const run = await order(context, before, 'revert')
      const changed = hasChanged(before)
      const said = `${plain(run.run)} goes back: ${plain(run.link)} returns to ${routeName(run.from)}.`
      await waitFor(context, run, { heading: 'back', isTaken: run => run.heading === 'back' && changed(run) }, options, said)
    })
