import type { Command } from 'commander'
import { paths } from '@cutover/engine/api'
import type { TopicOutcome, TopicRow, TopicsApplyAnswer, TopicsView } from '@cutover/engine/api/topics'
import { type Context, type Terminal, checkFailed, contextOf, verb } from './command.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled, table } from './print.ts'

/** `cutover topics`: the topics of all events as they stand; `cutover topics apply` makes those that routes need. */
export function topicsVerb(terminal: Terminal): Command {
  const command = verb(terminal, {
    name: 'topics',
    summary: 'Show the topics of all events: partitions, bounds, who reads them, and what is hidden; or make those that are needed',
    examples: ['topics', 'topics apply --dry-run'],
    timeoutSeconds: 60,
  }).action(async (_options: object, self: Command) => {
    const context = contextOf(terminal, self)
    context.print(await patiently<TopicsView>(context, { method: 'GET', path: paths.topics }), view => show(view, context))
  })
  return command.addCommand(applyVerb(terminal))
}

const applyVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'apply',
    summary: 'Make the topics that routes need, with the partitions of their contracts; none that is there is changed',
    examples: ['topics apply --dry-run', 'topics apply --json'],
    timeoutSeconds: 60,
  })
    .option('--dry-run', 'only say what would be made, and what differs')
    .action(async (options: { readonly dryRun?: true }, command: Command) => {
      const context = contextOf(terminal, command)
      const body = options.dryRun === true ? { dry_run: true } : {}
      const answer = await context.call<TopicsApplyAnswer>('engine', { method: 'POST', path: paths.topics, body })
      context.print(answer, applied)
      const wrong = answer.topics.filter(one => ['differs', 'hidden', 'unknown'].includes(one.outcome))
      if (wrong.length > 0)
        throw checkFailed(
          `${counted(wrong.length, 'topic')} not as needed: ${wrong.map(one => one.event).join(', ')}`,
          'see what to do about each with: npx cutover doctor',
        )
    })

const stateStyles = { open: 'green', quarantined: 'red', retired: 'dim', absent: 'dim', unknown: 'red' } as const

function show({ topics, away }: TopicsView, { width, glyphs }: Context): string {
  const rows = table<TopicRow>(
    [
      { head: 'event', cell: row => row.event },
      { head: 'topic', cell: row => row.topic, spare: true },
      { head: 'state', cell: row => row.state, style: row => stateStyles[row.state] },
      {
        head: 'partitions',
        cell: row => (row.partitions === null || row.partitions === row.wanted ? row.partitions : `${row.partitions}, not ${row.wanted}`),
        align: 'right',
        style: row => (row.partitions === null || row.partitions === row.wanted ? null : 'red'),
      },
      { head: 'records', cell: row => row.records, align: 'right' },
      { head: 'needed by', cell: row => row.needed_by.join(' ') || null },
      { head: 'id', cell: row => row.id, spare: true },
      {
        head: 'not read yet',
        cell: row => row.readers.map(reader => `${reader.link} ${behind(row, reader.positions)}`).join(', ') || null,
      },
    ],
    topics,
    width,
    glyphs.dots,
  )
  const silent = away.map(({ service, reason }) => `\n${styled('red', 'Not known')}: ${plain(service)} does not answer: ${plain(reason)}`)
  const open = topics.filter(one => one.state === 'open').length
  const ends = '\n\nStart, end and positions of each partition: --json. Make what is missing with: npx cutover topics apply'
  return `${counted(topics.length, 'event')}, ${open} with an open topic.${silent.join('')}\n\n${rows}${ends}`
}

/** How many records a reader has before it. Of a partition that it has no position in, all; never below what is there. */
function behind({ bounds }: TopicRow, positions: TopicRow['readers'][number]['positions']): string {
  let sum = 0n
  for (const { partition, start, end } of bounds) {
    const position = positions.find(one => one.partition === partition)?.position ?? start
    if (BigInt(position) < BigInt(end)) sum += BigInt(end) - BigInt(position)
  }
  return sum.toString()
}

function applied({ dry_run: dry, topics }: TopicsApplyAnswer): string {
  const told = topics.filter(one => one.outcome !== 'unneeded').map(one => `${plain(one.event)}: ${lineOf(one, dry)}`)
  const unneeded = topics.length - told.length
  const rest = unneeded === 0 ? [] : [`${counted(unneeded, 'event')} that no route needs: no topic of theirs was made.`]
  return [...told, ...rest, ...(dry ? ['Nothing was done.'] : [])].join('\n')
}

function lineOf({ outcome, topic, partitions, wanted, needed_by: links, event, why }: TopicOutcome, dry: boolean): string {
  const size = counted(partitions ?? wanted, 'partition')
  switch (outcome) {
    case 'created':
      return `${styled('green', dry ? 'would be made' : 'made')}: ${plain(topic)} with ${size}, for ${links.map(plain).join(' ')}`
    case 'kept':
      return `is there, with ${size}`
    case 'differs':
      return `${styled('red', 'differs')}: it has ${size} and the contract says ${wanted}. Partitions are fixed for life: nothing was changed; move its links to HTTP, whose plan drops it, and back`
    case 'hidden':
      return `${styled('red', 'hidden')}: it was hidden or dropped on purpose, and is not opened by this. On purpose: npx cutover topic ${plain(event)} --open`
    case 'held':
      return `${styled('yellow', 'held')}: ${plain(why ?? 'a run')} changes it by its plan`
    case 'unknown':
      return `${styled('red', 'not known')}: ${plain(why ?? 'its service does not answer')}`
    case 'unneeded':
      return 'no route needs it'
  }
}
