import type { Envelope } from '../contract/contract.ts'
import type { Registry } from '../registry/registry.ts'

/**
 * What is odd about a message and keeps nobody from acting on it. Counted, so that it is seen.
 * - `clock_suspect`: its time cannot be right; times of messages are shown, and decide nothing
 * - `unknown_field`: the documents of events are open, and it holds more than we know; nobody reads that, nothing copies it
 */
export const notices = ['clock_suspect', 'unknown_field'] as const
export type Notice = (typeof notices)[number]

/** Before there was any such system. */
const earliest = Date.UTC(2000, 0, 1)
/** Clocks that are wrong by more than a zone are wrong. */
const aheadMs = 24 * 3_600_000

export function noticesOf(envelope: Envelope, event: string, registry: Registry, now: number): readonly Notice[] {
  const time = Date.parse(envelope.meta.produced_at)
  return [
    ...(time >= earliest && time <= now + aheadMs ? [] : (['clock_suspect'] as const)),
    ...(registry.knowsAll(envelope, event) ? [] : (['unknown_field'] as const)),
  ]
}
