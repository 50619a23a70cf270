import { type Command, InvalidArgumentError } from 'commander'
import { pathOf } from '@cutover/engine/api'
import {
  type DeadLetterPage,
  deadLetterPaths,
  type DeadLetterRow,
  type DeadLettersAnswer,
  type DeadLetterView,
  type ShownMessage,
} from '@cutover/engine/api/dead-letters'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled, table } from './print.ts'

const pageSize = 50

/** Reads `bonuses:17`. */
export function letterId(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}:[1-9]\d{0,17}$/.test(text)) throw new InvalidArgumentError('It must be a dead letter, for example bonuses:17.')
  return text
}

/** Reads the digest of a group. */
export function causeId(text: string): string {
  if (!/^[0-9a-f]{12}$/.test(text)) throw new InvalidArgumentError('It must be a cause, for example 3f9a0c1be2d4.')
  return text
}

const letterOrCause = (text: string): string => (text.includes(':') ? letterId(text) : causeId(text))

/** `cutover dead-letters show ID|CAUSE`: one letter, or the letters of a group. */
export const showVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'show',
    summary: 'Show one dead letter, without what is personal in it; or the letters of a cause',
    examples: ['dead-letters show bonuses:17', 'dead-letters show 3f9a0c1be2d4 --json'],
    timeoutSeconds: 600,
  })
    .argument('<id|cause>', 'a dead letter, for example bonuses:17, or a cause of the list', letterOrCause)
    .action(async (named: string, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      if (named.includes(':')) {
        context.print(await readLetter(context, named), letterText)
        return
      }
      const letters = await lettersOf(context, named)
      context.print(letters, rows => lettersText(rows, context))
    })

export const readLetter = (context: Context, id: string): Promise<DeadLetterView> =>
  patiently(context, { method: 'GET', path: pathOf(deadLetterPaths.letter, id) })

/** The oldest letters of a cause, a page from each service that has any. */
async function lettersOf(context: Context, cause: string): Promise<readonly DeadLetterRow[]> {
  const { groups } = await patiently<DeadLettersAnswer>(context, { method: 'GET', path: deadLetterPaths.groups })
  const services = [...new Set(groups.filter(group => group.cause === cause).map(group => group.service))]
  if (services.length === 0)
    throw new CommandFailed(
      exitCodes.usage,
      `no dead letter of the cause ${cause} is open`,
      'see all causes with: npx cutover dead-letters',
    )
  const pages = await Promise.all(
    services.map(service => {
      const query = new URLSearchParams({ service, cause, limit: String(pageSize) }).toString()
      return patiently<DeadLetterPage>(context, { method: 'GET', path: `${deadLetterPaths.letters}?${query}` })
    }),
  )
  return pages.flatMap(page => page.letters)
}

function lettersText(letters: readonly DeadLetterRow[], { width, glyphs }: Context): string {
  const rows = table<DeadLetterRow>(
    [
      { head: 'id', cell: row => row.id },
      { head: 'link', cell: row => row.link },
      { head: 'state', cell: row => row.state },
      { head: 'job', cell: row => row.job },
      { head: 'edited', cell: row => (row.edited ? 'yes' : null) },
      { head: 'attempts', cell: row => row.attempts, align: 'right' },
      { head: 'last', cell: row => `${row.last_at.slice(0, 10)} ${row.last_at.slice(11, 16)}Z`, spare: true },
      { head: 'fact', cell: row => row.fact_id },
    ],
    letters,
    width,
    glyphs.dots,
  )
  const [first] = letters
  return `${counted(letters.length, 'dead letter')}, the oldest first (${pageSize} of a service at most): ${plain(first?.text ?? '')}\n\n${rows}`
}

/** One letter as text: where it is, what it says, what is wrong, what happened to it. */
export function letterText(view: DeadLetterView): string {
  const event = view.event === null ? 'an unknown event' : `${view.event}${view.version === null ? '' : ` v${view.version}`}`
  const claimed = view.job === null ? '' : `, claimed by ${view.job}`
  const head = `${view.id}, ${event} on ${view.link} at ${view.service} (${view.side}): ${view.state}${claimed}`
  const error = view.error.split('\n').map(line => `  ${plain(line)}`)
  const edit =
    view.edit === null
      ? []
      : [
          '',
          `Edited by ${plain(view.edit.author)} at ${plain(view.edit.at)}: ${plain(view.edit.reason)}`,
          `  changed: ${view.edit.changed.map(path => (path === '' ? 'the whole' : plain(path))).join(', ')}`,
          ...(view.edit.touches.length === 0
            ? []
            : [`  ${styled('yellow', 'needs a second person')}: it touches ${view.edit.touches.map(plain).join(', ')}`]),
          ...messageLines(view.edit.message),
        ]
  const history = view.history.map(line => {
    const people = [line.who, line.approver === null ? null : `approved by ${line.approver}`].filter(one => one !== null).join(', ')
    const more = [line.job, people === '' ? null : people, line.outcome, line.detail].filter(one => one !== null).map(one => plain(one))
    return `  ${plain(line.at)}  ${plain(line.what)}${more.length === 0 ? '' : `: ${more.join('; ')}`}`
  })
  return [
    plain(head),
    `${counted(view.attempts, 'attempt')}, from ${plain(view.first_at)} to ${plain(view.last_at)}; fact ${plain(view.fact_id ?? 'unknown')}; from ${plain(view.origin)}`,
    '',
    `${styled('red', plain(view.code))} (cause ${plain(view.cause)})`,
    ...error,
    '',
    'Original:',
    ...messageLines(view.original),
    ...edit,
    '',
    'What happened:',
    ...history,
  ].join('\n')
}

function messageLines({ value, headers, size, errors }: ShownMessage): string[] {
  const body =
    value === null
      ? [`  ${counted(size, 'byte')}, hidden whole: they cannot be read as an event, so nobody knows what in them is personal`]
      : (JSON.stringify(value, null, 2) ?? '').split('\n').map(line => `  ${plain(line)}`)
  return [
    ...Object.entries(headers).map(([name, shown]) => `  ${plain(name)}: ${plain(shown)}`),
    ...body,
    ...errors.map(
      ({ pointer, code, detail }) =>
        `  ${styled('red', 'wrong')} ${pointer === '' ? 'the whole' : plain(pointer)}: ${plain(detail)} (${plain(code)})`,
    ),
  ]
}
