import type { Command } from 'commander'
import { type Terminal, contextOf, verb } from './command.ts'
import { order } from './order.ts'
import { plain } from './print.ts'
import { type Target, runOf, target } from './target.ts'

/** `cutover pause RUN|LINK`: lets a run stop where it is. What is half done is finished first. */
export const pauseVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'pause',
    summary: 'Let a run stand still where it is; traffic goes on',
    examples: ['pause R-7', 'pause COMM-040 --json'],
    timeoutSeconds: 10,
  })
    .argument('<run|link>', 'the run, for example R-7, or the link that it moves', target)
    .action(async (named: Target, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      const run = await order(context, await runOf(context, named), 'pause')
      context.print(run, ({ run }) => `${plain(run)} pauses. Go on with: npx cutover resume ${plain(run)}`)
    })
