import { type Command, Option } from 'commander'
import { type Route, type SwitchAnswer, switchPath } from '@cutover/engine/api'
import { type Terminal, contextOf, verb } from './command.ts'
import { plain, styled } from './print.ts'

/** `cutover switch LINK --to ROUTE`: moves a link. */
export const switchVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'switch',
    summary: 'Move a link to a route; repeating it changes nothing',
    examples: ['switch COMM-040 --to event', 'switch COMM-040 --to http --json'],
    timeoutSeconds: 120,
  })
    .argument('<link>', 'the link, for example COMM-040')
    .addOption(new Option('--to <route>', 'the route that new facts take').choices(['http', 'event']).makeOptionMandatory())
    .action(async (link: string, options: { to: Route }, command: Command) => {
      const context = contextOf(terminal, command)
      context.print(await context.call<SwitchAnswer>('engine', { method: 'POST', path: switchPath(link), body: { to: options.to } }), show)
    })

const show = ({ link, from, to, epoch, changed }: SwitchAnswer): string =>
  changed
    ? `${styled('green', 'Moved')} ${plain(link)} from ${from ?? 'unknown'} to ${to}. Epoch ${epoch}: no fact of an older one can appear any more.\nWatch it with: npx cutover links; prove it with: npx cutover verify`
    : `${plain(link)} is on ${to} already (epoch ${epoch}). Nothing was changed.`
