import type { Command } from 'commander'
import { type CertificateRow, paths } from '@cutover/engine/api'
import { type Context, type Terminal, checkFailed, contextOf, verb } from './command.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled, table } from './print.ts'
import { sentence } from './sentence.ts'
import { linkId } from './target.ts'

const styles = { valid: 'green', expired: 'yellow', revoked: 'red' } as const

/** `cutover certificates [LINK]`: what was certified as drained. Exit code 3 when something has spoken against one since. */
export const certificatesVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'certificates',
    summary: 'Show which links were certified as drained of a route, until when, and what has spoken against it',
    examples: ['certificates', 'certificates COMM-040 --json'],
    timeoutSeconds: 10,
  })
    .argument('[link]', 'only those of this link', linkId)
    .action(async (link: string | undefined, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      const query = link === undefined ? '' : `?${new URLSearchParams({ link }).toString()}`
      const rows = await patiently<readonly CertificateRow[]>(context, { method: 'GET', path: `${paths.certificates}${query}` })
      context.print(rows, all => show(all, context))
      const revoked = rows.filter(({ state }) => state === 'revoked')
      if (revoked.length > 0)
        throw checkFailed(
          `${counted(revoked.length, 'certificate')} revoked: ${revoked.map(one => `${one.link} of ${one.run}`).join(', ')}`,
          `see when with: npx cutover history --link ${revoked[0]?.link ?? ''}`,
        )
    })

function show(rows: readonly CertificateRow[], { width, glyphs }: Context): string {
  if (rows.length === 0) return 'No link was certified as drained yet.'
  const lines = table<CertificateRow>(
    [
      { head: 'link', cell: row => row.link },
      { head: 'drained of', cell: row => row.route },
      { head: 'run', cell: row => row.run },
      { head: 'state', cell: row => row.state, style: row => styles[row.state] },
      { head: 'epoch', cell: row => row.epoch, align: 'right', spare: true },
      { head: 'stated', cell: row => row.issued, align: 'right' },
      { head: 'arrived', cell: row => row.terminal, align: 'right' },
      { head: 'late', cell: row => row.late, align: 'right', spare: true },
      { head: 'issued', cell: row => minute(row.issued_at), spare: true },
      { head: 'until', cell: row => minute(row.expires_at) },
    ],
    rows,
    width,
    glyphs.dots,
  )
  const why = rows.flatMap(row =>
    row.revoked_by === null || row.revoked_at === null
      ? []
      : [`\n${styled('red', 'revoked')} ${minute(row.revoked_at)}: ${plain(sentence(row.revoked_by))}`],
  )
  return `${counted(rows.length, 'certificate')}, the latest first.\n\n${lines}${why.length > 0 ? `\n${why.join('')}` : ''}`
}

const minute = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)}Z`
