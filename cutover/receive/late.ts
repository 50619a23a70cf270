import { type Route, routes } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'

/** The newest stamp that a link has shown: epoch 0 before the first; the route is null where only the epoch was kept. */
export interface NewestStamp {
  readonly epoch: number
  readonly route: Route | null
}

/** The newest stamp once these messages of the link's own sender have been seen. Pure. */
export function newestOf(messages: readonly Message[], link: string, seen: NewestStamp): NewestStamp {
  return messages.reduce((newest, { stamps }) => {
    const stamp = stamps[link]
    // Of one epoch a link has one route, so whoever says it says it for all.
    return stamp !== undefined && routes.includes(stamp.route) && stamp.epoch >= newest.epoch
      ? { epoch: stamp.epoch, route: stamp.route }
      : newest
  }, seen)
}

/**
 * The messages that come late: their route is not the one that the newest stamp shows, their epoch is an older one, and
 * of their facts nothing is known here. One per fact. Pure.
 */
export function lateOf(
  messages: readonly Message[],
  link: string,
  newest: NewestStamp,
  isKnown: (factId: string) => boolean,
): readonly Message[] {
  const late = messages.filter(({ factId, stamps }) => {
    const stamp = stamps[link]
    if (
      stamp === undefined ||
      newest.route === null ||
      stamp.epoch >= newest.epoch ||
      stamp.route === newest.route ||
      !routes.includes(stamp.route)
    )
      return false
    return !isKnown(factId)
  })
  return [...new Map(late.map(message => [message.factId, message])).values()]
}
