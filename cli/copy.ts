import type { Command } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { CopyAnswer, CopyRequest } from '@cutover/engine/api/repair'
import { type Terminal, contextOf, verb } from './command.ts'
import { counted, plain, styled } from './print.ts'
import { linkId } from './target.ts'

interface CopyOptions {
  readonly create?: true
  readonly restore?: true
  readonly fill?: true
}

/** `cutover copy LINK --restore|--create|--fill`: repairs the copy of a data link. */
export const copyVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'copy',
    summary: 'Take the copy of a data link out of quarantine; make an empty one where it is gone; have every row told once more',
    examples: ['copy COMM-070 --restore', 'copy COMM-070 --fill'],
    timeoutSeconds: 30,
  })
    .argument('<link>', 'the data link, for example COMM-070', linkId)
    .option('--restore', 'take it out of quarantine, with all its rows')
    .option('--create', 'make an empty one; what is there stays as it is')
    .option('--fill', 'have its owner tell every row once more')
    .action(async (link: string, { create, restore, fill }: CopyOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const asked = [create, restore, fill].filter(one => one === true)
      if (asked.length !== 1) command.error('error: say one of --restore, --create and --fill', { exitCode: 64 })
      const body: CopyRequest = { do: create === true ? 'create' : restore === true ? 'restore' : 'fill' }
      context.print(await context.call<CopyAnswer>('engine', { method: 'POST', path: pathOf(paths.copy, link), body }), show)
    })

const show = ({ link, state, rows }: CopyAnswer): string =>
  state === 'present'
    ? `The copy of ${plain(link)} is ${styled('green', 'there')}, with ${counted(rows, 'row')}. Compare it with its owner: npx cutover verify`
    : `The copy of ${plain(link)} is ${styled('red', plain(state))}.`
