import type { Command } from 'commander'
import { type Terminal, contextOf, verb } from './command.ts'
import { type Target, runOf, target } from './target.ts'
import { waitFor, waitSeconds } from './waiting.ts'

/** `cutover watch RUN|LINK`: follows a run to its end, without an order. */
export const watchVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'watch',
    summary: 'Follow a run until it comes to rest',
    examples: ['watch R-7', 'watch COMM-040 --json --timeout 120'],
    timeoutSeconds: waitSeconds,
    timeoutOf: 'the end of the run; on a terminal, as long as it takes',
  })
    .argument('<run|link>', 'the run, for example R-7, or the link that it moves', target)
    .action(async (named: Target, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      const run = await runOf(context, named)
      const wait = context.screen === null ? { wait: true } : {}
      await waitFor(context, run, { heading: run.heading, isTaken: () => true }, wait, '')
    })
