import { type Command, InvalidArgumentError, Option } from 'commander'
import { type End, type Route, pathOf, paths } from '@cutover/engine/api'
import { type Portions, formatPortions, parsePortions, portionsError } from '@cutover/engine/api/portions'
import type { PlanView } from '@cutover/engine/api/plan'
import type { Context } from './command.ts'
import { patiently } from './patience.ts'

/** Which plan is meant. */
export interface PlanChoice {
  readonly to?: Route
  readonly portions?: Portions
}

/** `--to http|event` and `--portions 5,25`, for the two verbs that begin with a plan. */
export const withPlanChoice = (command: Command): Command =>
  command
    .addOption(new Option('--to <route>', 'the route to move to; without it, the one that the link is not on').choices(['http', 'event']))
    .addOption(
      new Option('--portions <list>', 'per cents of the business keys to move first, a step each, for example 5,25').argParser(portions),
    )

/** The plan of a link as it would go now. */
export function readPlan(context: Context, link: string, { to, portions }: PlanChoice): Promise<PlanView> {
  const query = [...(to === undefined ? [] : [`to=${to}`]), ...(portions === undefined ? [] : [`portions=${formatPortions(portions)}`])]
  return patiently(context, { method: 'GET', path: `${pathOf(paths.plan, link)}${query.length === 0 ? '' : `?${query.join('&')}`}` })
}

/** The same plan on a command line: its route, and its portions if it has any. */
export const choiceOf = ({ to, portions }: Pick<PlanView, 'to' | 'portions'>): string =>
  isRoute(to) ? ` --to ${to}${portions === undefined ? '' : ` --portions ${formatPortions(portions)}`}` : ''

/** Whether a plan leads to a route; one of a change leads to its new form, and has no choice. */
export const isRoute = (end: End): end is Route => end === 'http' || end === 'event'

function portions(text: string): Portions {
  const numbers = parsePortions(text)
  const wrong = portionsError(numbers)
  if (wrong !== null) throw new InvalidArgumentError(`It must be rising per cents, for example 5,25: ${wrong}.`)
  return numbers
}
