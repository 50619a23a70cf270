import type { Context } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'

/** Asks before something is changed. Nothing but the expected answer goes on. */
export async function confirm(context: Context, question: string, expected: RegExp): Promise<void> {
  const answer = context.screen === null ? '' : await context.screen.ask(question)
  if (!expected.test(answer.trim()))
    throw new CommandFailed(exitCodes.failed, 'not confirmed: nothing was changed', 'repeat the command and confirm it, or give --yes')
}

export const yes = /^y(es)?$/i
