import { type Command, InvalidArgumentError } from 'commander'
import { pathOf } from '@cutover/engine/api'
import { deadLetterPaths, type DeadLetterView, type EditRequest } from '@cutover/engine/api/dead-letters'
import { type Terminal, contextOf, verb } from './command.ts'
import { letterId, letterText } from './dead-letter-show.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { patiently } from './patience.ts'
import { plain } from './print.ts'

type Change = EditRequest['set'][number]

interface EditOptions {
  readonly set?: readonly Change[]
  readonly remove?: readonly Change[]
  readonly reason: string
}

/** `cutover dead-letters edit ID`: changes what a replay will use; the original is kept. */
export const editVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'edit',
    summary: 'Change the message of a dead letter beside its original; it must be valid then',
    examples: [
      'dead-letters edit bonuses:17 --set /payload/creator_id=m-12 --reason "wrong author in ticket 81"',
      'dead-letters edit bonuses:17 --remove /payload/title --reason "not a field" --json',
    ],
    timeoutSeconds: 600,
  })
    .argument('<id>', 'the dead letter, for example bonuses:17', letterId)
    .option(
      '--set <path=value>',
      '/payload/FIELD, /meta/FIELD or /headers/NAME, or = and a whole envelope; a value that is JSON is read as JSON',
      settings,
      [],
    )
    .option('--remove <path>', 'takes a field out', removals, [])
    .requiredOption('--reason <text>', 'why; it is kept and shown', reasonText)
    .action(async (id: string, { set = [], remove = [], reason }: EditOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const body: EditRequest = { set: [...set, ...remove], reason }
      if (body.set.length === 0)
        throw new CommandFailed(exitCodes.usage, 'nothing is to be changed', 'give --set PATH=VALUE or --remove PATH')
      const view = await patiently<DeadLetterView>(context, { method: 'POST', path: pathOf(deadLetterPaths.edit, id), body })
      context.print(view, one => `${letterText(one)}\n\nTry it with: npx cutover dlq replay ${plain(one.id)} --dry-run`)
    })

function settings(text: string, before: readonly Change[]): readonly Change[] {
  const at = text.indexOf('=')
  const path = text.slice(0, at)
  if (at < 0 || !/^(\/[^/]+)*$/.test(path)) throw new InvalidArgumentError('It must be PATH=VALUE, for example /payload/creator_id=m-12.')
  return [...before, { path, value: valueOf(text.slice(at + 1)) }]
}

function removals(text: string, before: readonly Change[]): readonly Change[] {
  if (!/^(\/[^/]+)+$/.test(text)) throw new InvalidArgumentError('It must be a path, for example /payload/title.')
  return [...before, { path: text, remove: true }]
}

/** What is no JSON is a text: nobody wants to quote twice for a shell. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Reads a reason. */
export function reasonText(text: string): string {
  if (text.trim().length < 3 || text.length > 500) throw new InvalidArgumentError('It must be a reason of 3 to 500 characters.')
  return text
}
