import { type Command, Option } from 'commander'
import { type Route, pathOf, paths } from '@cutover/engine/api'
import type { PlanView } from '@cutover/engine/api/plan'
import type { Context } from './command.ts'
import { patiently } from './patience.ts'

/** `--to http|event`, for the two verbs that begin with a plan. */
export const withRoute = (command: Command): Command =>
  command.addOption(
    new Option('--to <route>', 'the route to move to; without it, the one that the link is not on').choices(['http', 'event']),
  )

/** The plan of a link as it would go now. */
export const readPlan = (context: Context, link: string, to: Route | undefined): Promise<PlanView> =>
  patiently(context, { method: 'GET', path: `${pathOf(paths.plan, link)}${to === undefined ? '' : `?to=${to}`}` })
