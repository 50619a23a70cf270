import { type Command, InvalidArgumentError } from 'commander'
import { paths } from '@cutover/engine/api'
import { type TraceAnswer, type TraceFact, type TraceLine, type TraceStand, traceIdPattern, traceSaid } from '@cutover/engine/api/trace'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { counted, plain, styled, table } from './print.ts'

/** `cutover trace ID`: one fact's whole way, from the commit to where it is now. */
export const traceVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'trace',
    summary: 'Show the whole way of a fact, or of all facts of an id, with times and the files of code that did each step',
    examples: ['trace 019a7c1e-5d2b-7e3a-9c4f-1b2a3c4d5e6f', 'trace TaskCompleted:TASK:CANDIDATE --json'],
    timeoutSeconds: 60,
  })
    .argument('<id>', 'a fact, an event, a business key, an entity, a trace, a dead letter such as bonuses:17, or a run', anyId)
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      context.print(await context.call<TraceAnswer>('engine', { method: 'POST', path: paths.trace, body: { id } }), answer =>
        show(answer, context),
      )
    })

function show({ id, facts, rows, cut, away }: TraceAnswer, context: Context): string {
  const parts = [
    ...facts.map(fact => factText(fact, context)),
    ...(rows.length === 0 ? [] : [`What has ${styled('bold', plain(id))} and is of no single fact:\n\n${linesText(rows, context)}`]),
    ...(cut ? [styled('yellow', 'There may be more: only the newest were looked through, or are shown. Name one fact.')] : []),
    ...away.map(({ service, reason }) => styled('yellow', `What ${plain(service)} knows is missing: ${plain(reason)}`)),
  ]
  return facts.length > 1
    ? [`${plain(id)} names ${counted(facts.length, 'fact')}, the newest first.`, ...parts].join('\n\n')
    : parts.join('\n\n')
}

function factText({ fact, event, key, lines, now }: TraceFact, context: Context): string {
  const what = [event, key].flatMap(one => one ?? []).map(plain)
  const head = `${styled('bold', plain(fact))}${what.length === 0 ? '' : `, ${what.join(', ')}`}`
  return [head, linesText(lines, context), now.map(standText).join('\n')].join('\n\n')
}

const linesText = (lines: readonly TraceLine[], { width, glyphs }: Context): string =>
  table<TraceLine>(
    [
      { head: 'at', cell: one => timeText(one.at) },
      { head: 'service', cell: one => one.service },
      { head: 'link', cell: one => one.link },
      { head: 'code', cell: one => one.file, spare: true },
      { head: 'what happened', cell: traceSaid },
    ],
    lines,
    width,
    glyphs.dots,
  )

const timeText = (at: string | null): string | null => (at === null ? null : `${at.slice(0, 10)} ${at.slice(11, 23)}Z`)

function standText({ link, terminal, code, params, commands }: TraceStand): string {
  const now = `${styled(terminal ? 'green' : 'yellow', `${plain(link)} now`)}: ${plain(traceSaid({ code, params }))}`
  return [now, ...commands.map(command => `  help with: ${styled('bold', plain(command))}`)].join('\n')
}

function anyId(text: string): string {
  if (!new RegExp(traceIdPattern).test(text))
    throw new InvalidArgumentError(
      'It must be an id of 1 to 400 letters, digits and _ . : / @ -, for example a fact id or TaskCompleted:TASK:CANDIDATE.',
    )
  return text
}
