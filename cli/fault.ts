import type { Command } from 'commander'
import { type FaultAnswer, type FaultKind, type FaultRequest, pauseSeconds, paths } from '@cutover/sandbox/api'
import { type Terminal, contextOf, integer, verb } from './command.ts'
import { plain, styled } from './print.ts'

const timeoutSeconds = 10
interface FaultOptions {
  readonly instance?: number
  readonly seconds?: number
}

/** `cutover fault kill|pause|resume SERVICE`: breaks a process on purpose. Sandbox only. */
export function faultVerb(terminal: Terminal): Command {
  const command = verb(terminal, {
    name: 'fault',
    summary: 'Kill or pause a process on purpose, to see that nothing is lost',
    examples: ['fault kill bonuses', 'fault pause hiring --instance 2 --seconds 5'],
    timeoutSeconds,
  })
  const add = (kind: FaultKind, summary: string, examples: readonly [string, string]): Command => {
    const one = verb(terminal, { name: kind, summary, examples, timeoutSeconds })
      .argument('<service>', 'the service, for example bonuses')
      .option('--instance <number>', 'one instance, counted from 1; all of them if absent', integer(1, 100, 'the instance'))
    return one.action(async (service: string, options: FaultOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const body: FaultRequest = { kind, service, ...pick(options) }
      context.print(await context.call<FaultAnswer>('sandbox', { method: 'POST', path: paths.faults, body }), answer =>
        show(answer, options.seconds),
      )
    })
  }
  command.addCommand(
    add('kill', 'End a process at once, with kill -9; it is started again', ['fault kill bonuses', 'fault kill hiring --instance 2']),
  )
  command.addCommand(
    add('pause', 'Let a process stand still for a while', ['fault pause bonuses --seconds 5', 'fault pause hiring --instance 1']).option(
      '--seconds <number>',
      `how long, ${pauseSeconds.default} if absent`,
      integer(1, pauseSeconds.maximum, 'seconds'),
    ),
  )
  command.addCommand(add('resume', 'End a pause early', ['fault resume bonuses', 'fault resume hiring --instance 1']))
  return command
}

const pick = ({ instance, seconds }: FaultOptions): { instance?: number; seconds?: number } => ({
  ...(instance === undefined ? {} : { instance }),
  ...(seconds === undefined ? {} : { seconds }),
})

const done: Readonly<Record<FaultKind, string>> = { kill: 'Killed', pause: 'Paused', resume: 'Resumed' }

function show({ kind, processes }: FaultAnswer, seconds: number | undefined): string {
  const names = processes.map(({ name, pid }) => `${plain(name)}${pid === null ? '' : ` (process ${pid})`}`).join(', ')
  const time = kind === 'pause' ? ` for ${seconds ?? pauseSeconds.default} s` : ''
  return `${styled('yellow', done[kind])} ${names || 'nothing'}${time}.\nWatch it come back with: npx cutover status; prove that nothing is lost with: npx cutover verify`
}
