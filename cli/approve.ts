import type { Command } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { ApproveRequest, RunView } from '@cutover/engine/api/plan'
import { approvalLine, finalSteps } from './approval.ts'
import { type Terminal, contextOf, verb } from './command.ts'
import { confirm, yes } from './confirm.ts'
import { patiently } from './patience.ts'
import { plain } from './print.ts'
import { type Target, runOf, target } from './target.ts'

/** `cutover approve RUN|LINK`: the second person's yes to what cannot be undone. */
export const approveVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'approve',
    summary: 'Approve, as the second person, that a run passes its point of no return',
    examples: ['approve R-7', 'approve R-7 --token-file ./approver-token --yes'],
    timeoutSeconds: 10,
  })
    .argument('<run|link>', 'the run, for example R-7, or the link that it moves', target)
    .option('--token-file <file>', 'the file with your token; approver-token of the data directory if absent')
    .option('--yes', 'do not ask')
    .action(async (named: Target, options: { tokenFile?: string; yes?: true }, command: Command) => {
      const context = contextOf(terminal, command, { who: 'approver', file: options.tokenFile })
      const before = await runOf(context, named)
      if (context.screen !== null && options.yes !== true && before.approval?.wanted === true) {
        context.note(finalSteps(before, context.screen.columns).join('\n'))
        await confirm(context, `Approve that ${plain(before.run)} does this? [y/N] `, yes)
      }
      // What is approved is the plan that was read: of another one the engine wants to hear nothing.
      const body: ApproveRequest = { hash: before.hash }
      const run = await patiently<RunView>(context, { method: 'POST', path: pathOf(paths.approve, before.run), body })
      context.print(run, run => `${plain(run.run)}: ${approvalLine(run)}\nComplete it with: npx cutover complete ${plain(run.run)}`)
    })
