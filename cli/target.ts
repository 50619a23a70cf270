import { InvalidArgumentError } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { PlanView, RunView } from '@cutover/engine/api/plan'
import type { Context } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { readRun } from './order.ts'
import { patiently } from './patience.ts'

/** What a run is named by: its own id, or the link that it moves. */
export type Target = { readonly run: string } | { readonly link: string }

/** Reads a run id. */
export function runId(text: string): string {
  if (!/^R-[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a run, for example R-7.')
  return text
}

/** Reads the name of a change. Which changes there are, the engine knows. */
export function changeId(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidArgumentError('It must be a change, for example US-160.')
  return text
}

/** Reads a link id, or the name of a change where a plan is meant. Which links there are, the engine knows. */
export function linkId(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidArgumentError('It must be a link, for example COMM-040.')
  return text
}

/** Reads `R-7` or `COMM-040`. What looks like a run and is none is not taken for a link. */
export function target(text: string): Target {
  if (/^R-[1-9]\d{0,8}$/.test(text)) return { run: text }
  if (/^(r-.*|r?\d+)$/i.test(text) || !/^[A-Za-z0-9_-]{1,64}$/.test(text))
    throw new InvalidArgumentError('It must be a run like R-7, or a link like COMM-040.')
  return { link: text }
}

const isOver = ({ state }: RunView): boolean => state === 'reverted' || state === 'completed'

/**
 * The run that is meant: of a link, the one that holds it, else its latest, so that the engine says why that one takes
 * no orders any more.
 */
export async function runOf(context: Context, target: Target): Promise<RunView> {
  if ('run' in target) return readRun(context, target.run)
  const runs = (await patiently<readonly RunView[]>(context, { method: 'GET', path: paths.runs })).filter(run => run.link === target.link)
  const found = runs.find(run => !isOver(run)) ?? runs[0]
  if (found !== undefined) return found
  // The engine knows the links: a name that it does not know is refused here, with what was probably meant.
  await patiently<PlanView>(context, { method: 'GET', path: pathOf(paths.plan, target.link) })
  throw new CommandFailed(exitCodes.usage, `${target.link} has had no run yet`, `begin one with: npx cutover apply ${target.link}`)
}
