import type { TraceCode } from '../api/trace.ts'

/**
 * Which file of code does each step of a fact's way. One place, and a test that every file is there; what a system's own
 * services do, the system says itself.
 */
export const stepFiles: Readonly<Partial<Record<TraceCode, string>>> = {
  minted: 'cutover/outbox/sender.ts',
  stated: 'cutover/outbox/append.ts',
  row: 'cutover/outbox/sender.ts',
  stamped: 'cutover/outbox/fact.ts',
  stamped_shadow: 'cutover/outbox/fact.ts',
  published: 'cutover/relay/event-lane.ts',
  carried: 'cutover/relay/sweep.ts',
  retrying: 'cutover/relay/http-lane.ts',
  refused: 'cutover/relay/http-lane.ts',
  recorded: 'cutover/receive/receiver.ts',
  paired: 'cutover/parity/compare.ts',
  parked: 'cutover/receive/parked.ts',
  dead: 'cutover/receive/receiver.ts',
  outcome: 'cutover/receive/receiver.ts',
  outcome_rule: 'cutover/receive/receiver.ts',
  effect: 'cutover/receive/receiver.ts',
  compared: 'cutover/relay/sweep.ts',
}

/** By which door it came in. */
export const doorFiles: Readonly<Record<string, string>> = {
  http: 'cutover/receive/door.ts',
  event: 'cutover/consumer/consumer.ts',
}

/** Who writes lines of the history, by how they begin. */
export const historyFiles: readonly (readonly [begins: string, file: string])[] = [
  ['switch', 'engine/links/move.ts'],
  ['certificate', 'engine/certificate/postgres.ts'],
  ['run ', 'engine/run/orders.ts'],
  ['', 'engine/run/runner.ts'],
]

/** The files of a system's services that state a link's facts and that bring about their effects. */
export interface LinkCode {
  readonly states: string
  readonly acts: string
}
export type CodeOf = Readonly<Record<string, LinkCode>>

export const allFiles = (): readonly string[] => [
  ...Object.values(stepFiles),
  ...Object.values(doorFiles),
  ...historyFiles.map(([, file]) => file),
]
