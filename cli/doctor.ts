import type { Command } from 'commander'
import { paths } from '@cutover/engine/api'
import { type DoctorReport, type Finding, foundSaid, type Severity, severities, wantedSaid } from '@cutover/engine/api/doctor'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { type Style, counted, plain, styled, wrap } from './print.ts'

const titles: Readonly<Record<Severity, readonly [title: string, style: Style]>> = {
  broken: ['Broken: facts wait, or a proof would be untrue, until somebody acts', 'red'],
  unknown: ['Unknown: nobody could look', 'yellow'],
  warning: ['Warning: it holds for now', 'yellow'],
}

/** `cutover doctor`: found against wanted everywhere, with the command that repairs each difference. Exit code 1 when there is any. */
export const doctorVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'doctor',
    summary: 'Compare everything that runs with what contracts and plans want; each difference with the command that repairs it',
    examples: ['doctor', 'doctor --json'],
    timeoutSeconds: 60,
  }).action(async (_options: object, command: Command) => {
    const context = contextOf(terminal, command)
    const report = await context.call<DoctorReport>('engine', { method: 'GET', path: paths.doctor })
    context.print(report, all => show(all, context))
    if (!report.ok)
      throw new CommandFailed(
        exitCodes.failed,
        `${counted(report.findings.length, 'difference')} found`,
        'run the commands above, the first finding first, then look again with: npx cutover doctor',
      )
  })

function show({ ok, checks, findings, took_ms: tookMs }: DoctorReport, { width }: Context): string {
  const time = `${counted(checks, 'check')} in ${(tookMs / 1000).toFixed(1)} s`
  if (ok) return `${styled('green', 'Everything is as wanted')}: ${time}.`
  const head = `${styled('red', counted(findings.length, 'difference'))}: ${time}.`
  const groups = severities.flatMap(severity => {
    const own = findings.filter(one => one.severity === severity)
    const [title, style] = titles[severity]
    return own.length === 0 ? [] : [[styled(style, title), ...own.map(one => item(one, width))].join('\n\n')]
  })
  return [head, ...groups].join('\n\n')
}

const labels = { found: 'found   ', wanted: 'wanted  ', command: 'repair  ' } as const

function item(one: Finding, width: number | null): string {
  const part = (label: string, text: string): string => {
    const room = width === null ? Infinity : Math.max(20, width - label.length - 2)
    return wrap(plain(text), room)
      .map((line, at) => `  ${at === 0 ? label : ' '.repeat(label.length)}${line}`)
      .join('\n')
  }
  // A command stands on one line, however long, so that it can be copied.
  const commands = one.commands.map((command, at) => `  ${at === 0 ? labels.command : '        '}${styled('bold', plain(command))}`)
  return [
    `${plain(one.where)} (${plain(one.code)})`,
    part(labels.found, foundSaid(one)),
    part(labels.wanted, wantedSaid(one)),
    ...(commands.length > 0 ? commands : [part(labels.command, 'no command: a person has to decide')]),
  ].join('\n')
}
