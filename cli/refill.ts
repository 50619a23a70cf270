import type { Command } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { RefillCount, RefillView } from '@cutover/engine/api/refill'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled } from './print.ts'
import { linkId } from './target.ts'

interface RefillOptions {
  readonly dryRun?: true
}

const pollMs = 500

/** `cutover refill LINK`: sends the facts that are not terminal to the log once more. */
export const refillVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'refill',
    summary: 'Send the facts of a link that are not terminal once more, after the log has lost data; repeating it is safe',
    examples: ['refill COMM-040 --dry-run', 'refill COMM-040 --timeout 600'],
    timeoutSeconds: 120,
    timeoutOf: 'the end of the refill',
  })
    .argument('<link>', 'the link, for example COMM-040', linkId)
    .option('--dry-run', 'only count what would be sent again')
    .action(async (link: string, { dryRun }: RefillOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const order = { method: 'POST', path: pathOf(paths.refill, link) } as const
      if (dryRun === true) {
        context.print(await context.call<RefillCount>('engine', { ...order, body: { dry_run: true } }), countText)
        return
      }
      context.print(await follow(context, link, await context.call<RefillView>('engine', { ...order, body: {} })), refillText)
    })

/** Waits until the refill that was begun is done, and tells how it goes. */
async function follow(context: Context, link: string, begun: RefillView): Promise<RefillView> {
  const until = context.clock.now() + context.timeoutMs
  let told = -1
  for (let now = begun; ; now = await patiently<RefillView>(context, { method: 'GET', path: pathOf(paths.refill, link) })) {
    // A later one has all that this one had, and more.
    if (now.number !== begun.number || now.state === 'done') return now
    if (context.clock.now() >= until) {
      throw new CommandFailed(
        exitCodes.waits,
        `the refill of ${link} goes on: ${counted(now.sent, 'fact')} sent again, ${counted(now.left, 'position')} left to look at`,
        `it needs nobody to wait for it; look again with: npx cutover refill ${link}, which joins it`,
      )
    }
    if (now.looked !== told)
      context.note(`${counted(now.looked, 'fact')} looked at, ${now.sent} sent again, ${counted(now.left, 'position')} left`)
    told = now.looked
    await context.clock.sleep(pollMs)
  }
}

const lossy = ({ link, direct }: { readonly link: string; readonly direct: boolean }): string =>
  direct
    ? `\n${styled('yellow', 'note:')} ${plain(link)} is direct: what left from memory is in no outbox and cannot be sent again. To tell everything anew: npx cutover delivery ${plain(link)} outbox`
    : ''

/** What a refill would do. */
export function countText(count: RefillCount): string {
  const { looked, open, kept, more } = count
  const head = `${counted(looked, 'fact')} of ${plain(count.link)} ${looked === 1 ? 'is' : 'are'} beyond what was compared${more ? ', and there are more' : ''}.`
  const rest = `${open - kept} would be sent again; ${open} are not terminal, ${kept} of them parked or a dead letter. Nothing was sent.`
  return `${head}\n${rest}${lossy(count)}`
}

/** What it has done. */
export function refillText(refill: RefillView): string {
  const { looked, sent } = refill
  return `${styled('green', 'Refilled')}: ${counted(looked, 'fact')} of ${plain(refill.link)} looked at, ${sent} sent again. Each has one effect, however often it comes. Prove it with: npx cutover verify${lossy(refill)}`
}
