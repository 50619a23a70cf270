import type { Command } from 'commander'
import { type HistoryAnswer, type HistoryRow, paths } from '@cutover/engine/api'
import { type Context, type Terminal, checkFailed, contextOf, integer, verb } from './command.ts'
import { patiently } from './patience.ts'
import { counted, styled, table } from './print.ts'
import { linkId, runId } from './target.ts'

interface HistoryOptions {
  readonly link?: string
  readonly run?: string
  readonly limit: number
}

/** `cutover history`: what was ordered and done, and whether the chain of it holds. Exit code 3 when it does not. */
export const historyVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'history',
    summary: 'Show what was ordered and done, newest first, and whether the chain of it is intact',
    examples: ['history --link COMM-040', 'history --run R-7 --limit 200 --json'],
    timeoutSeconds: 30,
  })
    .option('--link <link>', 'only what is about this link', linkId)
    .option('--run <run>', 'only what belongs to this run', runId)
    .option('--limit <number>', 'how many lines at most', integer(1, 999, 'lines'), 20)
    .action(async ({ link, run, limit }: HistoryOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const query = new URLSearchParams({
        limit: String(limit),
        ...(link === undefined ? {} : { link }),
        ...(run === undefined ? {} : { run }),
      })
      const answer = await patiently<HistoryAnswer>(context, { method: 'GET', path: `${paths.history}?${query.toString()}` })
      context.print(answer, answer => show(answer, context))
      if (!answer.intact)
        throw checkFailed('the chain of the history is broken: a line was changed or taken out', 'compare the table history with a backup')
    })

function show({ intact, rows }: HistoryAnswer, { width, glyphs }: Context): string {
  const chain = intact ? styled('green', 'chain intact') : styled('red', 'chain broken')
  if (rows.length === 0) return `Nothing yet; ${chain}.`
  const lines = table<HistoryRow>(
    [
      { head: 'no.', cell: ({ number }) => number, align: 'right' },
      { head: 'at', cell: ({ at }) => `${at.slice(0, 10)} ${at.slice(11, 19)}Z` },
      { head: 'who', cell: ({ who }) => who, spare: true },
      { head: 'link', cell: ({ link }) => (link === '' ? null : link) },
      { head: 'run', cell: ({ run }) => run },
      { head: 'step', cell: ({ step }) => step },
      { head: 'what', cell: ({ action }) => action },
      { head: 'numbers', cell: numbersOf },
    ],
    rows,
    width,
    glyphs.dots,
  )
  return `${counted(rows.length, 'line')}, newest first; ${chain}.\n\n${lines}`
}

const numbersOf = ({ numbers }: HistoryRow): string | null =>
  Object.entries(numbers)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${String(value)}`)
    .join(', ') || null
