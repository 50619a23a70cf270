import type { Command } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { LensReport, LensTable } from '@cutover/engine/api/plan'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { Ended, exitCodes } from './exit.ts'
import { hanging } from './gate.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled, table } from './print.ts'
import { changeId } from './target.ts'

const timeoutSeconds = 120
/** Keys of each kind; `--json` has more. */
const shownMax = 3
const examples = ['lens report US-160', 'lens report US-160 --json'] as const

/** `cutover lens report CHANGE`: what a change would make of the values that are stored now. */
export function lensVerb(terminal: Terminal): Command {
  const report = verb(terminal, {
    name: 'report',
    summary: 'Run the lens of a change over all that is stored, there and back: what would not come out the same, and what to look at',
    examples: [...examples],
    timeoutSeconds,
  })
    .argument('<change>', 'the change, for example US-160', changeId)
    .action(async (change: string, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      const found = await patiently<LensReport>(context, { method: 'GET', path: pathOf(paths.lens, change) })
      context.print(found, report => show(report, context))
      if (!found.ok) throw new Ended(exitCodes.checkFailed)
    })
  return verb(terminal, {
    name: 'lens',
    summary: 'Look at what a change would make of the data',
    examples: [...examples],
    timeoutSeconds,
  }).addCommand(report)
}

function show({ change, ok, tables }: LensReport, { width, glyphs }: Context): string {
  const rows = tables.reduce((sum, one) => sum + one.rows, 0)
  const broken = tables.reduce((sum, one) => sum + one.broken.rows, 0)
  const raw = tables.reduce((sum, one) => sum + one.raw, 0)
  const head = ok
    ? `${plain(change)}: ${counted(rows, 'value')} looked at, ${styled('green', 'all of them come back to the byte')}; ${raw} keep their text beside the parts.`
    : `${plain(change)}: ${counted(rows, 'value')} looked at, ${styled('red', `${broken} would be changed`)}; ${raw} keep their text beside the parts.`
  const overview = table<LensTable>(
    [
      { head: 'service', cell: row => row.service },
      { head: 'column', cell: row => `${row.table}.${row.column}` },
      { head: 'values', cell: row => String(row.rows), align: 'right' },
      { head: 'equal', cell: row => String(row.equal), align: 'right' },
      { head: 'text kept', cell: row => String(row.raw), align: 'right' },
      {
        head: 'changed',
        cell: row => String(row.broken.rows),
        align: 'right',
        style: row => (row.broken.rows > 0 ? 'red' : null),
      },
    ],
    tables,
    width,
    glyphs.dots,
  )
  return [head, '', overview, ...flagLines(tables, width ?? 80)].join('\n')
}

/** What to look at, with the keys of the first rows of each kind. */
function flagLines(tables: readonly LensTable[], width: number): readonly string[] {
  const found = tables.flatMap(({ service, table: name, broken, flags }) => [
    ...(broken.rows === 0 ? [] : [['changed', service, name, broken] as const]),
    ...Object.entries(flags).map(([flag, kind]) => [flag, service, name, kind] as const),
  ])
  if (found.length === 0) return []
  return [
    '',
    'To be looked at:',
    ...found.flatMap(([flag, service, name, { rows, keys }]) =>
      hanging(
        '  ',
        `${plain(flag)}: ${counted(rows, 'row')} of ${plain(name)} in ${plain(service)}: ${keys.slice(0, shownMax).map(plain).join(', ')}${rows > shownMax ? ` and ${rows - shownMax} more` : ''}`,
        width,
      ),
    ),
  ]
}
