import type { Command } from 'commander'
import { type CheckVerdict, type LinkVerdict, type VerifyReport, paths } from '@cutover/engine/api'
import { type Terminal, checkFailed, contextOf, verb } from './command.ts'
import { counted, plain, styled, table } from './print.ts'

/** `cutover verify`: compares what was stated with what happened. Exit code 3 when they differ. */
export const verifyVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'verify',
    summary: 'Compare the business rows of both services of every link, the sum of the ledger, and what services check themselves',
    examples: ['verify', 'verify --json --timeout 600'],
    timeoutSeconds: 300,
  }).action(async (_options: object, command: Command) => {
    const context = contextOf(terminal, command)
    const report = await context.call<VerifyReport>('engine', { method: 'POST', path: paths.verify })
    context.print(report, show)
    if (!report.ok)
      throw checkFailed('facts and effects do not agree', 'the samples above name the keys; look for them in the logs of both services')
  })

const wrong = (verdict: LinkVerdict): number => verdict.missing + verdict.double + verdict.different + verdict.extra + verdict.repeated

function show({ ok, links, ledger, checks, took_ms: tookMs }: VerifyReport): string {
  const total = (of: (verdict: LinkVerdict) => number): number => links.reduce((sum, verdict) => sum + of(verdict), 0)
  const head = ok
    ? styled('green', 'Nothing lost, nothing counted twice')
    : styled('red', `${counted(total(wrong) + checks.reduce((sum, check) => sum + check.wrong, 0), 'difference')} found`)
  const sentence = `${head}: ${counted(
    total(link => link.facts),
    'fact',
  )} on ${counted(links.length, 'link')}, ${total(link => link.open)} still open, in ${(tookMs / 1000).toFixed(1)} s.`
  const bad = (of: (verdict: LinkVerdict) => number) => (verdict: LinkVerdict) => (of(verdict) > 0 ? ('red' as const) : null)
  const number = (head: string, of: (verdict: LinkVerdict) => number, isWrong: boolean) => ({
    head,
    cell: of,
    align: 'right' as const,
    ...(isWrong ? { style: bad(of) } : {}),
  })
  const rows = table<LinkVerdict>(
    [
      { head: 'link', cell: row => row.link },
      number('facts', row => row.facts, false),
      number('effects', row => row.effects, false),
      number('open', row => row.open, false),
      number('rejected', row => row.rejected, false),
      number('missing', row => row.missing, true),
      number('double', row => row.double, true),
      number('different', row => row.different, true),
      number('extra', row => row.extra, true),
      number('repeated', row => row.repeated, true),
    ],
    links,
  )
  const samples = links.flatMap(({ link, samples }) =>
    samples.map(({ kind, key, detail }) => `${styled('red', kind)} ${link} ${plain(key)}: ${plain(detail)}`),
  )
  const mayLose = links.flatMap(({ link, may_lose: lossy }) =>
    lossy === true
      ? [
          `${styled('yellow', 'note:')} ${plain(link)} is direct and may lose facts when a process is killed. To tell everything anew: npx cutover delivery ${plain(link)} outbox`,
        ]
      : [],
  )
  const sum =
    ledger === null
      ? []
      : [`Ledger: the sum of all balances is ${ledger.sum}, ${ledger.balanced ? 'balanced' : styled('red', 'not balanced')}.`]
  const own = checks.map(checkLine)
  return [
    sentence,
    rows,
    ...(samples.length > 0 ? [samples.join('\n')] : []),
    ...(mayLose.length > 0 ? [mayLose.join('\n')] : []),
    [...sum, ...own].join('\n'),
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

const checkLine = ({ service, check, counted, open, wrong, samples }: CheckVerdict): string =>
  [
    `${plain(service)}, ${plain(check)}: ${counted} checked, ${open} open, ${wrong === 0 ? 'none wrong' : styled('red', `${wrong} wrong`)}.`,
    ...samples.map(sample => `${styled('red', 'wrong')} ${plain(sample)}`),
  ].join('\n')
