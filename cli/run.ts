import type { Command } from 'commander'
import { approvalLine } from './approval.ts'
import { type Terminal, contextOf, verb } from './command.ts'
import { readRun } from './order.ts'
import { picture } from './picture.ts'
import { plain } from './print.ts'
import { runId } from './target.ts'

/** `cutover run show RUN`: the facts of one run. */
export function runVerb(terminal: Terminal): Command {
  const timeoutSeconds = 10
  const show = verb(terminal, {
    name: 'show',
    summary: 'Show one run: its steps with their times, and the open gate with its figures',
    examples: ['run show R-7', 'run show R-7 --json'],
    timeoutSeconds,
  })
    .argument('<run>', 'the run, for example R-7', runId)
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      const { width, glyphs, clock } = context
      context.print(await readRun(context, id), run => {
        const lines = picture({ run, now: clock.now(), width: width ?? 80, glyphs })
        const takes = run.can.map(verb => `  npx cutover ${verb} ${plain(run.run)}`)
        const orders = takes.length === 0 ? ['It takes no orders any more.'] : ['It takes these orders now:', ...takes]
        const began = `Begun by ${plain(run.who)} at ${plain(run.started_at)}${run.until === null ? '' : `; pauses after step ${plain(run.until)}`}.`
        const approval = approvalLine(run)
        return [...lines, '', began, ...(approval === '' ? [] : [`Point of no return: ${approval}`]), ...orders].join('\n')
      })
    })
  return verb(terminal, {
    name: 'run',
    summary: 'Look at one run',
    examples: ['run show R-7', 'run show R-7 --json'],
    timeoutSeconds,
  }).addCommand(show)
}
