import type { Command } from 'commander'
import { type Terminal, checkFailed, contextOf, verb } from './command.ts'
import { Ended, exitCodes } from './exit.ts'
import { isNothingToDo, planText, refusalText } from './plan-text.ts'
import { type PlanChoice, readPlan, withPlanChoice } from './route-option.ts'
import { linkId } from './target.ts'

interface PlanOptions extends PlanChoice {
  readonly detailedExitcode?: true
}

/** `cutover plan LINK`: the steps that would move a link, as they would go now. Changes nothing. */
export const planVerb = (terminal: Terminal): Command =>
  withPlanChoice(
    verb(terminal, {
      name: 'plan',
      summary: 'Show the steps that would move a link: what each does, waits for, and how it is undone',
      examples: ['plan US-160', 'plan COMM-040 --to event --detailed-exitcode --json'],
      timeoutSeconds: 30,
    }).argument('<link>', 'the link, for example COMM-040, or the change, for example US-160', linkId),
  )
    .option('--detailed-exitcode', 'end with 2 when there is something to do, 0 when there is nothing')
    .action(async (link: string, { detailedExitcode, ...choice }: PlanOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const plan = await readPlan(context, link, choice)
      context.print(plan, plan => planText(plan, context.width, context.glyphs))
      if (isNothingToDo(plan)) return
      const [first] = plan.refusals
      // A link that a run holds is refused by what that run has done so far, which is no fault of the plan.
      if (first !== undefined && plan.run === null)
        throw checkFailed(`the plan is refused: ${refusalText(first)}`, 'each refusal above names the step and what it misses')
      if (detailedExitcode === true) throw new Ended(exitCodes.changes)
    })
