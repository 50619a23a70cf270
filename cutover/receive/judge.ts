import { capability } from '../contract/capability.ts'
import { type LinkContract, routes } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'

/** How a message came in. A parked or replayed one keeps the way by which it first came. */
export type Via = 'http' | 'event'

export type Judgement =
  | { readonly do: 'act' }
  /** Another route has the authority: note what would have been done, change nothing, give no receipt. */
  | { readonly do: 'record' }
  | { readonly do: 'park'; readonly waitsFor: string }
  /** The same event carries other links as well, and over this one it was told to nobody. */
  | { readonly do: 'pass' }
  | { readonly do: 'dead'; readonly code: string; readonly detail: string }

/** What a fact waits for that nobody here can act on yet; whoever can, wakes it. */
export const capabilityWait = (via: Via, link: string): string => `${capabilityWaits}${capability(via === 'event' ? 'act' : 'serve', link)}`
export const capabilityWaits = 'capability:'
/** What a fact waits for whose version nobody here is deployed for. */
export const versionWait = (event: string, version: number): string => `${versionWaits}${event}:${version}`
export const versionWaits = 'version:'

/**
 * What a receiver may do with a message, from its stamp and from what it is able to do: pure. The receiver is never
 * switched itself; whoever stated the fact decided which route acts. What cannot be acted on is parked, never skipped,
 * and never noted as done. `acts` are the routes for which this receiver can act, `versions` what it is deployed for.
 */
export function judge(message: Message, link: LinkContract, versions: readonly number[], via: Via, acts: readonly Via[]): Judgement {
  const act: Judgement = acts.includes(via) ? { do: 'act' } : { do: 'park', waitsFor: capabilityWait(via, link.id) }
  if (message.source !== link.from) {
    return {
      do: 'dead',
      code: 'producer_unknown',
      detail: `${link.id} carries facts of ${link.from}; this one says it is from ${message.source}`,
    }
  }
  if (message.event !== link.event) {
    return { do: 'dead', code: 'wrong_topic', detail: `${link.id} carries ${link.event}; this is ${message.event}` }
  }
  if (!versions.includes(message.version)) return { do: 'park', waitsFor: versionWait(message.event, message.version) }
  const stamp = message.stamps[link.id]
  // A copy is kept of whatever was told; who answers a read, the reader's own switch decides.
  if (link.kind === 'data' && stamp !== undefined) return act
  if (link.kind === 'data' && Object.keys(message.stamps).length > 0) return { do: 'pass' }
  if (stamp === undefined || !routes.includes(stamp.route)) return { do: 'park', waitsFor: `stamp_unknown:${link.id}` }
  if (stamp.route === via) return act
  if (via === 'event') return { do: 'record' }
  return { do: 'dead', code: 'wrong_route', detail: `this fact's route on ${link.id} is ${stamp.route}; it must not be called by ${via}` }
}
