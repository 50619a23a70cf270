import { type Command, InvalidArgumentError } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { DeployAnswer, DeployRequest } from '@cutover/engine/api/repair'
import { type Terminal, contextOf, verb } from './command.ts'
import { serviceName } from './epoch.ts'
import { counted, plain, styled } from './print.ts'

interface DeployOptions {
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** `cutover deploy SERVICE`: other capabilities for its instances, outside of any plan. */
export const deployVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'deploy',
    summary: 'Let the instances of a service run with other capabilities, one by one, where no plan does it',
    examples: ['deploy bonuses --add act:COMM-040', 'deploy hiring --remove call:COMM-040 --json'],
    timeoutSeconds: 30,
  })
    .argument('<service>', 'the service, for example bonuses', serviceName)
    .option('--add <capability>', 'a capability that it gets, such as act:COMM-040; may be repeated', collect, [])
    .option('--remove <capability>', 'one that it loses; may be repeated', collect, [])
    .action(async (service: string, { add, remove }: DeployOptions, command: Command) => {
      const context = contextOf(terminal, command)
      if (add.length + remove.length === 0) command.error('error: name a capability with --add or --remove', { exitCode: 64 })
      const body: DeployRequest = { add, remove }
      context.print(await context.call<DeployAnswer>('engine', { method: 'POST', path: pathOf(paths.deploy, service), body }), show)
    })

const show = ({ service, instances, deployed }: DeployAnswer): string =>
  instances > 0 && deployed === instances
    ? `${plain(service)} is as ordered already: ${counted(instances, 'instance')}. Nothing was changed.`
    : `${styled('green', 'Deploying')} ${plain(service)}: ${instances === 0 ? 'its instances are' : `${deployed} of ${counted(instances, 'instance')} so far, the others are`} started again one by one.\nWatch it with: npx cutover status; see whether all is well with: npx cutover doctor`

function collect(text: string, before: readonly string[]): readonly string[] {
  if (!/^(serve|record|act|call|produce|handle|state):[A-Za-z0-9_-]{1,64}$/.test(text))
    throw new InvalidArgumentError(
      'It must be a capability: an ability, then a link or a version, for example act:COMM-040 or handle:TaskCreated-v1.',
    )
  return [...before, text]
}
