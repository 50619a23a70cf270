import { type Command, InvalidArgumentError } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { EpochRequest, EpochView } from '@cutover/engine/api/repair'
import { type Terminal, contextOf, integer, verb } from './command.ts'
import { plain, styled } from './print.ts'

interface EpochOptions {
  readonly raise?: true
  readonly atLeast?: number
}

/** `cutover epoch SERVICE [--raise]`: how the epoch of a service stands, and its repair after a restore. */
export const epochVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'epoch',
    summary: 'Show the epoch of a service against what is known of it; raise it after its database was restored from a backup',
    examples: ['epoch hiring', 'epoch hiring --raise'],
    timeoutSeconds: 60,
  })
    .argument('<service>', 'the service, for example hiring', serviceName)
    .option('--raise', 'raise it above all that is known of it; nothing is done where it has not fallen')
    .option('--at-least <epoch>', 'with --raise: to this one, where who has seen more cannot be asked', integer(1, 1e12, 'the epoch'))
    .action(async (service: string, { raise, atLeast }: EpochOptions, command: Command) => {
      const context = contextOf(terminal, command)
      if (atLeast !== undefined && raise !== true) command.error('error: --at-least goes with --raise', { exitCode: 64 })
      const path = pathOf(paths.epoch, service)
      const body: EpochRequest = atLeast === undefined ? {} : { at_least: atLeast }
      const call = raise === true ? ({ method: 'POST', path, body } as const) : ({ method: 'GET', path } as const)
      context.print(await context.call<EpochView>('engine', call), view => show(view, raise === true))
    })

function show({ service, epoch, seen, by, away, raised }: EpochView, asked: boolean): string {
  const name = plain(service)
  if (raised)
    return `${styled('green', 'Raised')} the epoch of ${name} to ${epoch}: it sends again. Prove that nothing was lost with: npx cutover verify`
  const missing = away.length === 0 ? '' : ` ${away.map(plain).join(', ')} could not be asked.`
  if (epoch < seen)
    return `${styled('red', 'Behind')}: ${name} stands at epoch ${epoch}, and epoch ${seen} of it is known (${plain(by)}): its database was restored, and it sends nothing.${missing}\nRaise it with: npx cutover epoch ${name} --raise`
  return `${name} stands at epoch ${epoch}, and nobody has seen a higher one.${missing}${asked ? ' Nothing was changed.' : ''}`
}

/** Reads the name of a service. Which there are, the engine knows. */
export function serviceName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidArgumentError('It must be a service, for example hiring.')
  return text
}
