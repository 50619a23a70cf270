import type { Command } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { ReadMismatch, ReadsView } from '@cutover/engine/api/plan'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled, table } from './print.ts'
import { linkId } from './target.ts'

/** `cutover reads LINK`: who answers the reads of a data link, and how far its copy is behind. */
export const readsVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'reads',
    summary: 'Show who answers the reads of a data link, how its copy compares, and how far it is behind',
    examples: ['reads COMM-070', 'reads COMM-070 --json'],
    timeoutSeconds: 30,
  })
    .argument('<link>', 'a data link, for example COMM-070', linkId)
    .action(async (link: string, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      context.print(await patiently<ReadsView>(context, { method: 'GET', path: pathOf(paths.reads, link) }), view => show(view, context))
    })

function show(view: ReadsView, context: Context): string {
  return [headOf(view), behindOf(view), copyOf(view), ...(view.mismatches.length === 0 ? [] : ['', mismatchesOf(view.mismatches, context)])]
    .filter(line => line !== null)
    .join('\n')
}

function headOf({ link, reader, owner, answers, compares, epoch }: ReadsView): string {
  const who = answers === 'http' ? `${plain(owner)} by HTTP` : `the copy in ${plain(reader)}`
  const other = answers === 'http' ? 'the copy' : plain(owner)
  return `${plain(link)}: ${plain(reader)} is answered by ${who}, since epoch ${epoch}; ${compares ? `${other} is asked as well and compared` : 'nothing is compared'}.`
}

/** The sentence that says what being behind has meant for readers. */
function behindOf(view: ReadsView): string | null {
  const { equal, stale, different, missing, extra, failed, skipped, rate } = view
  const wrong = different + missing + extra
  const total = equal + stale + wrong + failed
  if (total === 0) return view.compares ? 'No read has been compared yet.' : null
  const share = ((100 * stale) / total).toFixed(stale > 0 && stale / total < 0.001 ? 2 : 1)
  const lag =
    view.lag_p50_ms === null
      ? ''
      : `, by ${Math.round(view.lag_p50_ms)} ms at the median and ${Math.round(view.lag_p99_ms ?? 0)} ms at the 99th percentile`
  const difference = wrong === 0 ? styled('green', 'no difference') : styled('red', counted(wrong, 'difference'))
  return [
    `${counted(total, 'read')} compared, ${rate} a second: ${difference}.`,
    stale === 0 ? 'The copy was never behind.' : `The copy was behind in ${share} % of reads${lag}.`,
    ...(failed === 0 ? [] : [`${counted(failed, 'read')} had no answer from one side.`]),
    ...(skipped === 0 ? [] : [`${counted(skipped, 'read')} were not compared: too many waited for it.`]),
  ].join(' ')
}

function copyOf({ copy, snapshot, reader }: ReadsView): string {
  const state =
    copy.state === 'absent'
      ? `${plain(reader)} has no copy.`
      : `The copy in ${plain(reader)} has ${counted(copy.rows, 'row')}${copy.state === 'quarantined' ? ' and is in quarantine' : ''}.`
  const touched = copy.touches.map(({ who, what, count }) =>
    styled('yellow', `${plain(who)} reached for it (${plain(what)}, ${count} times).`),
  )
  const told =
    snapshot === null || snapshot.state === 'done' ? [] : [`Telling what was there before: ${snapshot.copied} of ${snapshot.total} rows.`]
  return [state, ...touched, ...told].join(' ')
}

const mismatchesOf = (mismatches: readonly ReadMismatch[], { width, glyphs }: Context): string =>
  table<ReadMismatch>(
    [
      { head: 'at', cell: row => row.at },
      { head: 'verdict', cell: row => row.verdict, style: row => (row.verdict === 'stale' ? null : 'red') },
      { head: 'behind', cell: row => (row.lag_ms === null ? null : `${Math.round(row.lag_ms)} ms`), align: 'right' },
      { head: 'columns', cell: row => row.columns.join(', ') },
      { head: 'key', cell: row => row.key },
    ],
    mismatches.slice(0, 20),
    width,
    glyphs.dots,
  )
