import { pathOf, paths } from '@cutover/engine/api'
import type { Delivery, DeliveryAnswer } from '@cutover/engine/api/refill'
import type { Context } from './command.ts'
import { plain, styled } from './print.ts'

/** `cutover delivery LINK outbox|direct`: how the facts of a link leave for the log. */
export const changeDelivery = (context: Context, link: string, to: Delivery, dryRun: boolean): Promise<DeliveryAnswer> =>
  context.call<DeliveryAnswer>('engine', {
    method: 'POST',
    path: pathOf(paths.redelivery, link),
    body: { to, ...(dryRun ? { dry_run: true } : {}) },
  })

const ways: Readonly<Record<Delivery, string>> = { outbox: 'by the outbox', direct: 'direct' }

/** What has become of the order, in sentences. */
export function deliveryText({ link, from, to, epoch, changed, tells_anew: tells, dry_run: dry }: DeliveryAnswer): string {
  const name = plain(link)
  if (!changed && !tells)
    return `The facts of ${name} leave ${ways[to]} already (epoch ${epoch}). Nothing ${dry ? 'would be' : 'was'} changed.`
  if (dry) return `The facts of ${name} would leave ${ways[to]} instead of ${ways[from]}, from epoch ${epoch} on. Nothing was changed.`
  const moved = changed
    ? `${styled('green', 'Moved')}: the facts of ${name} leave ${ways[to]}, not ${ways[from]} any more. Epoch ${epoch}: no fact of an older one can be stated any more.`
    : `The facts of ${name} leave ${ways[to]} already (epoch ${epoch}).`
  const next =
    to === 'direct'
      ? `${styled('yellow', 'It may lose')}: what a process holds in memory is gone when it is killed. Back, live: npx cutover delivery ${name} outbox`
      : tells
        ? 'Everything is told once more, so that its reader gets what may have been lost. Prove it with: npx cutover verify'
        : 'Prove it with: npx cutover verify'
  return `${moved}\n${next}`
}
