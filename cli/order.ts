import { type RunVerb, type RunView } from '@cutover/engine/api/plan'
import { pathOf, paths } from '@cutover/engine/api'
import type { Context } from './command.ts'
import { CommandFailed } from './exit.ts'
import { patiently } from './patience.ts'

export const readRun = (context: Context, run: string): Promise<RunView> =>
  patiently(context, { method: 'GET', path: pathOf(paths.run, run) })

/**
 * Gives an order to a run and answers with the run as it is then. Where the answer is lost, the run itself tells
 * whether the order was taken: while the run still takes it, it is given once more.
 */
export async function order(context: Context, { run }: RunView, verb: RunVerb): Promise<RunView> {
  const give = (): Promise<RunView> => patiently(context, { method: 'POST', path: pathOf(paths[verb], run) })
  try {
    return await give()
  } catch (error) {
    if (!isLost(error)) throw error
    const now = await readRun(context, run)
    return now.can.includes(verb) ? await give() : now
  }
}

/** The engine went away after it had been asked: nobody knows whether it acted. */
export const isLost = (error: unknown): boolean => error instanceof CommandFailed && error.unanswered === 'lost'
