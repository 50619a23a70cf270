import { randomUUID } from 'node:crypto'
import { type Command, Option } from 'commander'
import { deadLetterPaths, type DeadLetterSelection, type OrderedAnswer } from '@cutover/engine/api/dead-letters'
import { type Context, type Terminal, contextOf, integer, verb } from './command.ts'
import { confirm, yes } from './confirm.ts'
import { concludeJobs, followJobs, jobText } from './dead-letter-job.ts'
import { reasonText } from './dead-letter-edit.ts'
import { causeId, letterId } from './dead-letter-show.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { isLost } from './order.ts'
import { patiently } from './patience.ts'
import { counted, plain } from './print.ts'
import { linkId } from './target.ts'

interface Chosen {
  readonly cause?: string
  readonly link?: string
  readonly all?: true
}
interface Waiting {
  readonly wait?: boolean
  readonly yes?: true
}
type ReplayOptions = Chosen & Waiting & { readonly dryRun?: true; readonly rate?: number }
type DismissOptions = Chosen & Waiting & { readonly reason: string }

const timeoutSeconds = 600
const timeoutOf = 'the end of the job'

const ids = (text: string, before: readonly string[] = []): readonly string[] => [...before, letterId(text)]

/** Which letters: by id, by cause, by link, or all. */
const choosing = (command: Command): Command =>
  command
    .argument('[ids...]', 'dead letters, for example bonuses:17', ids)
    .option('--cause <cause>', 'all of a cause that are open', causeId)
    .option('--link <link>', 'all of a link that are open', linkId)
    .option('--all', 'all that are open')
    .addOption(new Option('--wait', 'stay until the job ends; the default on a terminal'))
    .addOption(new Option('--no-wait', 'order it and go'))

function selectionOf(named: readonly string[], { cause, link, all }: Chosen): DeadLetterSelection {
  const group = cause !== undefined || link !== undefined
  if ([named.length > 0, group, all === true].filter(Boolean).length !== 1)
    throw new CommandFailed(
      exitCodes.usage,
      'which dead letters are meant is not clear',
      'give ids, or --cause or --link or both, or --all; see them with: npx cutover dead-letters',
    )
  return { ...(named.length > 0 ? { ids: named } : {}), ...(cause === undefined ? {} : { cause }), ...(link === undefined ? {} : { link }) }
}

const textOf = ({ ids: named, cause, link }: DeadLetterSelection): string =>
  named !== undefined
    ? named.map(plain).join(', ')
    : cause === undefined && link === undefined
      ? 'all open dead letters'
      : `all open dead letters${cause === undefined ? '' : ` of the cause ${plain(cause)}`}${link === undefined ? '' : ` on ${plain(link)}`}`

/** `cutover dead-letters replay`: one first, then the others; or what would happen. */
export const replayVerb = (terminal: Terminal): Command =>
  choosing(
    verb(terminal, {
      name: 'replay',
      summary: 'Replay dead letters: one first, then the others at a rate; or find out what would happen',
      examples: ['dead-letters replay --cause 3f9a0c1be2d4 --dry-run', 'dead-letters replay bonuses:17 bonuses:18 --wait --json'],
      timeoutSeconds,
      timeoutOf,
    }),
  )
    .option('--dry-run', 'change nothing; tell what would act and what is a repeat')
    .addOption(
      new Option('--rate <number>', 'dead letters per second, 50 if absent').argParser(integer(1, 1_000, 'dead letters per second')),
    )
    .option('--yes', 'do not ask')
    .action(async (named: readonly string[] | undefined, options: ReplayOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const selection = selectionOf(named ?? [], options)
      if (options.dryRun !== true && options.yes !== true && context.screen !== null)
        await confirm(context, `Replay ${textOf(selection)}? [y/N] `, yes)
      const more = { ...(options.dryRun === true ? { dry_run: true } : {}), ...(options.rate === undefined ? {} : { rate: options.rate }) }
      await ordered(
        context,
        deadLetterPaths.replay,
        { selection, ...more },
        options.dryRun === true ? { ...options, wait: options.wait ?? true } : options,
      )
    })

/** `cutover dead-letters dismiss`: a write-off. */
export const dismissVerb = (terminal: Terminal): Command =>
  choosing(
    verb(terminal, {
      name: 'dismiss',
      summary: 'Write dead letters off: their facts are terminal then, without an effect',
      examples: [
        'dead-letters dismiss bonuses:17 --reason "the task never existed"',
        'dead-letters dismiss --cause 3f9a0c1be2d4 --reason "test data" --yes --json',
      ],
      timeoutSeconds,
      timeoutOf,
    }),
  )
    .requiredOption('--reason <text>', 'why; it is kept and shown', reasonText)
    .option('--yes', 'do not ask; needed where nobody can be asked')
    .action(async (named: readonly string[] | undefined, options: DismissOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const selection = selectionOf(named ?? [], options)
      if (options.yes !== true) {
        if (context.screen === null)
          throw new CommandFailed(
            exitCodes.usage,
            'what is written off does not come back, and nobody is here to be asked',
            'repeat it with --yes if that is meant',
          )
        await confirm(context, `Write off ${textOf(selection)}? It does not come back. [y/N] `, yes)
      }
      await ordered(context, deadLetterPaths.writeOff, { selection, reason: options.reason }, options)
    })

/** `cutover dead-letters export`: into topics that other tools read. */
export const exportVerb = (terminal: Terminal): Command =>
  choosing(
    verb(terminal, {
      name: 'export',
      summary: 'Append dead letters, as they came, to the topics <topic>.<group>.dlq, for other tools; they stay here',
      examples: ['dead-letters export --link COMM-040', 'dead-letters export bonuses:17 --wait --json'],
      timeoutSeconds,
      timeoutOf,
    }),
  ).action(async (named: readonly string[] | undefined, options: Chosen & Waiting, command: Command) => {
    const context = contextOf(terminal, command)
    await ordered(context, deadLetterPaths.export, { selection: selectionOf(named ?? [], options) }, options)
  })

/** Orders it under a request of its own, so that an order whose answer was lost can be given again. */
async function ordered(context: Context, path: string, order: object, { wait }: Waiting): Promise<void> {
  const body = { ...order, request: randomUUID() }
  const give = (): Promise<OrderedAnswer> => patiently(context, { method: 'POST', path, body })
  const { jobs, away } = await give().catch((error: unknown) => {
    if (!isLost(error)) throw error
    return give()
  })
  const stays = wait ?? context.screen !== null
  const limitMs = wait === undefined && !context.timeoutGiven ? Infinity : context.timeoutMs
  const now = stays ? await followJobs(context, jobs, limitMs) : jobs
  context.print({ jobs: now, away }, answer =>
    [
      ...answer.jobs.map(jobText),
      ...(answer.away.length === 0
        ? []
        : [`${answer.away.map(plain).join(', ')} does not answer: repeat it for ${counted(answer.away.length, 'service')}.`]),
      ...(stays ? [] : ['See how far it is with: npx cutover dlq jobs']),
    ].join('\n'),
  )
  concludeJobs(stays ? now : now.filter(job => job.state === 'waiting'))
}
