import type { Command } from 'commander'
import { type LinkRow, paths } from '@cutover/engine/api'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { counted, plain, styled, table } from './print.ts'

/** `cutover links`: all links with route and rate. */
export const linksVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'links',
    summary: 'Show all links, the route that each takes now, and its rate',
    examples: ['links', 'links --json'],
    timeoutSeconds: 10,
  }).action(async (_options: object, command: Command) => {
    const context = contextOf(terminal, command)
    context.print(await context.call<readonly LinkRow[]>('engine', { method: 'GET', path: paths.links }), links => show(links, context))
  })

function show(links: readonly LinkRow[], { width, glyphs }: Context): string {
  const unknown = links.filter(({ route }) => route === null)
  const on = (route: string): number => links.filter(link => link.route === route).length
  const sentence = [
    `${counted(links.length, 'link')}: ${on('http')} by HTTP, ${on('event')} by event`,
    ...(unknown.length > 0 ? [styled('yellow', `${unknown.length} unknown`)] : []),
  ].join(', ')
  const rows = table<LinkRow>(
    [
      { head: 'link', cell: row => row.link },
      { head: 'from', cell: row => row.from },
      { head: 'to', cell: row => row.to },
      { head: 'kind', cell: row => row.kind, spare: true },
      {
        head: 'route',
        cell: ({ route, share = 100, delivery }) =>
          `${route === null ? 'unknown' : share === 100 ? route : `${route} ${share} %`}${delivery === 'direct' ? ' (direct, may lose)' : ''}`,
        style: row => (row.route === null ? 'yellow' : row.route === 'event' ? 'cyan' : null),
      },
      { head: 'rate', cell: row => (row.rate === null ? null : `${row.rate}/s`), align: 'right' },
      { head: 'open', cell: row => row.open, align: 'right' },
      { head: 'shadow', cell: row => (row.shadow ? 'on' : null), style: row => (row.shadow ? 'cyan' : null) },
      { head: 'run', cell: row => row.run, style: row => (row.run === null ? null : 'cyan') },
      { head: 'what it does', cell: row => row.title },
    ],
    links,
    width,
    glyphs.dots,
  )
  const notes = [...new Set(links.flatMap(({ note }) => (note === null ? [] : note.split('; '))))].map(
    note => `\n${styled('yellow', 'note:')} ${plain(note)}`,
  )
  return `${sentence}.\n\n${rows}${notes.length > 0 ? `\n${notes.join('')}` : ''}`
}
