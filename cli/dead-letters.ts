import type { Command } from 'commander'
import { type DeadLetterGroup, deadLetterPaths, type DeadLettersAnswer } from '@cutover/engine/api/dead-letters'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { editVerb } from './dead-letter-edit.ts'
import { approveJobVerb, jobsVerb, stopVerb } from './dead-letter-jobs.ts'
import { dismissVerb, exportVerb, replayVerb } from './dead-letter-orders.ts'
import { showVerb } from './dead-letter-show.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled, table } from './print.ts'

/** `cutover dead-letters`: what could not be handled, by what it failed of; and what can be done about it. */
export function deadLettersVerb(terminal: Terminal): Command {
  const command = verb(terminal, {
    name: 'dead-letters',
    summary: 'Show what could not be handled, by what it failed of; inspect, edit, replay or write it off',
    examples: ['dead-letters', 'dlq replay --cause 3f9a0c1be2d4 --dry-run'],
    timeoutSeconds: 600,
    timeoutOf: 'the answer, or for the end of a job',
  })
    .alias('dlq')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(terminal, command)
      context.print(await patiently<DeadLettersAnswer>(context, { method: 'GET', path: deadLetterPaths.groups }), answer =>
        show(answer, context),
      )
    })
  const verbs = [showVerb, editVerb, replayVerb, dismissVerb, exportVerb, approveJobVerb, jobsVerb, stopVerb]
  for (const make of verbs) command.addCommand(make(terminal))
  return command
}

function show({ groups, totals, away }: DeadLettersAnswer, { width, glyphs }: Context): string {
  const silent = away.length === 0 ? '' : `\n${styled('red', 'Not known')}: ${away.map(plain).join(', ')} does not answer.`
  const { open, replaying, resolved, written_off: writtenOff } = totals
  const ever = open + replaying + resolved + writtenOff
  const sum = `${counted(ever, 'dead letter')} ever: ${open} open, ${replaying} being replayed, ${resolved} resolved, ${writtenOff} written off.`
  if (groups.length === 0)
    return `${away.length === 0 ? 'No dead letter is open.' : 'No dead letter is open where it is known.'} ${sum}${silent}`
  const rows = table<DeadLetterGroup>(
    [
      { head: 'cause', cell: row => row.cause },
      { head: 'link', cell: row => row.link, style: row => (row.money ? 'red' : null) },
      { head: 'at', cell: row => `${row.service} ${row.side}`, spare: true },
      { head: 'event', cell: row => (row.event === null ? null : `${row.event}${row.version === null ? '' : ` v${row.version}`}`) },
      { head: 'open', cell: row => row.open, align: 'right' },
      { head: 'replaying', cell: row => row.replaying, align: 'right', spare: true },
      { head: 'first', cell: row => minute(row.first_at) },
      { head: 'last', cell: row => minute(row.last_at), spare: true },
      { head: 'code', cell: row => row.code },
      { head: 'what', cell: row => row.text },
    ],
    groups,
    width,
    glyphs.dots,
  )
  const [first] = groups
  const next = `See one with: npx cutover dlq show ${plain(first?.sample ?? '')}; its group with: npx cutover dlq show ${plain(first?.cause ?? '')}`
  return `${sum} Links of money come first.${silent}\n\n${rows}\n\n${next}`
}

const minute = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)}Z`
