import { type Command, InvalidArgumentError } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { TopicAnswer } from '@cutover/engine/api/repair'
import { type Terminal, contextOf, verb } from './command.ts'
import { plain, styled } from './print.ts'

/** `cutover topic EVENT --open`: makes the topic of an event, or takes it out of quarantine. */
export const topicVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'topic',
    summary: 'Open the topic of an event on purpose: make it, or take it out of quarantine with all its records',
    examples: ['topic TaskCompleted --open', 'topic TaskCompleted --open --json'],
    timeoutSeconds: 30,
  })
    .argument('<event>', 'the event, for example TaskCompleted', eventName)
    .requiredOption('--open', 'open it; one that is open stays as it is')
    .action(async (event: string, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      context.print(await context.call<TopicAnswer>('engine', { method: 'POST', path: pathOf(paths.topic, event), body: {} }), show)
    })

const show = ({ event, state }: TopicAnswer): string =>
  state === 'open'
    ? `The topic of ${plain(event)} is ${styled('green', 'open')}. See whether all is well with: npx cutover doctor`
    : `The topic of ${plain(event)} is ${styled('red', plain(state))}.`

function eventName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidArgumentError('It must be an event, for example TaskCompleted.')
  return text
}
