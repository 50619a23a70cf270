import { type Command, Option } from 'commander'
import type { RunView } from '@cutover/engine/api/plan'
import type { Context } from './command.ts'
import { conclude } from './conclude.ts'
import { type Aim, follow } from './follow.ts'
import { plain } from './print.ts'

/** How long a command waits for a run unless told otherwise; the demo's runs take less than a minute. */
export const waitSeconds = 600

export interface WaitOptions {
  readonly wait?: boolean
}

/** `--wait` and `--no-wait`. Without either, a command waits on a terminal and nowhere else. */
export const withWait = (command: Command): Command =>
  command
    .addOption(new Option('--wait', 'stay until the run comes to rest; the default on a terminal'))
    .addOption(new Option('--no-wait', 'give the order and go'))

/**
 * After an order: follows the run to its end, or only says that the order was taken. A person at a terminal may stay as
 * long as it takes; whoever asked to wait waits for --timeout.
 */
export async function waitFor(
  context: Context,
  run: RunView,
  aim: Omit<Aim, 'limitMs'>,
  { wait }: WaitOptions,
  said: string,
): Promise<void> {
  if (wait ?? context.screen !== null) {
    const whole = { ...aim, limitMs: wait === undefined && !context.timeoutGiven ? Infinity : context.timeoutMs }
    return conclude(context, await follow(context, run, whole), whole)
  }
  context.print(run, () => `${said}\nWatch it with: npx cutover watch ${plain(run.run)}`)
}
