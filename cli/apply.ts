import { type Command, InvalidArgumentError } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { ApplyRequest, PlanView, RunView } from '@cutover/engine/api/plan'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { confirm, yes } from './confirm.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { isLost, readRun } from './order.ts'
import { patiently } from './patience.ts'
import { isNothingToDo, nothingToDo, planHead, refusalText } from './plan-text.ts'
import { plain } from './print.ts'
import { type PlanChoice, choiceOf, isRoute, readPlan, withPlanChoice } from './route-option.ts'
import { routeName, stateOf } from './sentence.ts'
import { linkId } from './target.ts'
import { type WaitOptions, waitFor, waitSeconds, withWait } from './waiting.ts'

interface ApplyOptions extends WaitOptions, PlanChoice {
  readonly yes?: true
  readonly until?: string
  readonly hash?: string
}

/** `cutover apply LINK`: moves a link by its plan. Ends finished, before anything that cannot be undone. */
export const applyVerb = (terminal: Terminal): Command =>
  withWait(
    withPlanChoice(
      verb(terminal, {
        name: 'apply',
        summary: 'Move a link, or make a change, by its plan, step by step, up to the point of no return',
        examples: ['apply US-160 --wait', 'apply COMM-040 --to event --wait --json --timeout 300'],
        timeoutSeconds: waitSeconds,
        timeoutOf: 'the end of the run',
      }).argument('<link>', 'the link, for example COMM-040, or the change, for example US-160', linkId),
    ),
  )
    .option('--yes', 'do not ask')
    .option('--until <step>', 'pause after this step', stepId)
    .option('--hash <hash>', 'apply this plan, as plan has shown it, and no other', hashText)
    .action(async (link: string, options: ApplyOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const plan = await readPlan(context, link, options)
      await admit(context, plan, options)
      if (context.screen !== null && options.yes !== true) {
        context.note(planHead(plan, context.screen.columns).join('\n'))
        await confirm(context, isRoute(plan.to) ? `Move ${link} to ${routeName(plan.to)}? [y/N] ` : `Make the change ${link}? [y/N] `, yes)
      }
      const body: ApplyRequest = {
        ...(isRoute(plan.to) ? { to: plan.to } : {}),
        hash: options.hash ?? plan.hash,
        ...(options.until === undefined ? {} : { until: options.until }),
        ...(plan.portions === undefined ? {} : { portions: plan.portions }),
      }
      const run = await begin(context, link, body)
      const said = `${plain(run.run)} goes forward: ${link} moves from ${routeName(run.from)} to ${routeName(run.to)}.`
      await waitFor(context, run, { heading: 'forward', isTaken: run => run.heading === 'forward' }, options, said)
    })

/** Refuses here what the engine would refuse after the question, so that nobody is asked for nothing. */
async function admit(context: Context, plan: PlanView, { until, hash }: ApplyOptions): Promise<void> {
  const link = plain(plan.link)
  const steps = [...new Set(plan.steps.map(({ step }) => step))]
  if (until !== undefined && !steps.includes(until))
    throw new CommandFailed(
      exitCodes.usage,
      `the plan of ${link} has no step ${until}; its steps are ${steps.map(plain).join(', ')}`,
      `see them with: npx cutover plan ${link}${choiceOf(plan)}`,
    )
  if (isNothingToDo(plan)) throw new CommandFailed(exitCodes.held, nothingToDo(plan), 'look at it with: npx cutover links')
  const run = plan.run === null ? null : await readRun(context, plan.run)
  // A run of this plan that goes back is turned forward again.
  const turns = run !== null && run.heading === 'back' && run.to === plan.to && run.hash === plan.hash
  if (run !== null && !turns) {
    const id = plain(run.run)
    throw new CommandFailed(
      exitCodes.held,
      `run ${id} holds ${link}. ${stateOf(run, context.clock.now())}`,
      run.can.includes('complete')
        ? `go back with: npx cutover revert ${id}; or retire the old way with: npx cutover complete ${id}`
        : `see it with: npx cutover watch ${id}`,
    )
  }
  if (hash !== undefined && hash !== plan.hash)
    throw new CommandFailed(
      exitCodes.held,
      `the plan of ${link} has changed since it was shown: it is ${plain(plan.hash)} now`,
      `look at it with: npx cutover plan ${link}${choiceOf(plan)}, then apply that`,
    )
  const [first] = turns ? [] : plan.refusals
  if (first !== undefined)
    throw new CommandFailed(
      exitCodes.checkFailed,
      `the plan of ${link} is refused: ${refusalText(first)}`,
      `see each condition with: npx cutover plan ${link}${choiceOf(plan)}`,
    )
}

/** Begins the run. Where the answer is lost, the link tells whether it began: a moment ago no run held it, or one that went back. */
async function begin(context: Context, link: string, body: ApplyRequest): Promise<RunView> {
  const give = (): Promise<RunView> => patiently(context, { method: 'POST', path: pathOf(paths.apply, link), body })
  try {
    return await give()
  } catch (error) {
    if (!isLost(error)) throw error
    const { run } = await readPlan(context, link, body)
    const held = run === null ? null : await readRun(context, run)
    return held === null || held.heading === 'back' ? await give() : held
  }
}

function stepId(text: string): string {
  if (!/^\d{1,3}[a-z]?$/.test(text)) throw new InvalidArgumentError('It must be a step of the plan, for example 4 or 4a.')
  return text
}

function hashText(text: string): string {
  if (!/^[A-Za-z0-9:_-]{1,128}$/.test(text)) throw new InvalidArgumentError('It must be the hash that plan shows.')
  return text
}
