/**
 * One fact's whole way, as it travels. Sentences travel as a code with parameters; `traceWords` has them in English.
 * Nothing is imported, so that a browser can load it.
 */

export interface TraceRequest {
  /** A fact, an event, a business key, an entity, a trace, a dead letter or a run. */
  readonly id: string
}

/** What an id may be made of. */
export const traceIdPattern = '^[A-Za-z0-9_.:/@-]{1,400}$'

export type TraceParams = Readonly<Record<string, string | number>>

export interface TraceLine {
  /** Null where only the order is known. */
  readonly at: string | null
  /** Where it happened. */
  readonly service: string
  /** Null where it is of no single link. */
  readonly link: string | null
  readonly code: TraceCode
  readonly params: TraceParams
  /** The file of code that does this step, from the root of the repository. */
  readonly file: string
}

/** Where a fact is on one of its links now. */
export interface TraceStand {
  readonly link: string
  readonly terminal: boolean
  readonly code: TraceCode
  readonly params: TraceParams
  /** What helps it on; empty where it needs no help, or none helps. */
  readonly commands: readonly string[]
}

export interface TraceFact {
  readonly fact: string
  readonly event: string | null
  readonly key: string | null
  /** In the order in which it happened. */
  readonly lines: readonly TraceLine[]
  readonly now: readonly TraceStand[]
}

export interface TraceAnswer {
  readonly id: string
  /** The newest first. */
  readonly facts: readonly TraceFact[]
  /** What has the id and names no fact: rows of state and their copies, the lines of a run. */
  readonly rows: readonly TraceLine[]
  /** More facts than these have the id, or the outboxes are longer than what was looked through. */
  readonly cut: boolean
  /** Services that could not be asked: what they know is missing. */
  readonly away: readonly { readonly service: string; readonly reason: string }[]
}

export const traceWords = {
  // what happened
  minted: 'the fact got its id',
  stated: 'committed {event} v{version} with its business row: {key}, position {position} of the outbox',
  row: 'the business row says: {content}',
  stamped: 'the switch said {route}, epoch {epoch}',
  stamped_shadow: 'the switch said {route}, epoch {epoch}, and the event as well, to compare',
  published: 'published on {topic}, partition {partition} (the log has no index by fact: its offset is not looked up)',
  carried: 'copied out of the outbox, because it stayed open for long',
  retrying: 'the call failed {attempts} times',
  refused: 'the receiver refused it for good: {code_of_it}, after {attempts} attempts; dead letter {id}, {state}',
  recorded: 'came by event as well, and was only recorded: another route has the authority',
  paired: 'what the event would have done was compared with what was done: {verdict}',
  parked: 'set aside to wait for {waits_for}; looked at {tries} times since',
  dead: 'could not be handled: {code_of_it}, after {attempts} attempts; dead letter {id}, {state}',
  received: 'came by {via}',
  outcome: 'receipt: {outcome}',
  outcome_rule: 'receipt: {outcome} by the rule {rule}',
  effect: 'the effect: {content}',
  compared: 'the sender has compared it with the receipts: it is terminal',
  history: '{action}{step}: {content}',

  // where it is now
  now_done: 'arrived for good: {outcome}',
  now_forgotten: 'arrived for good; its receipt was let go after its time',
  now_effect: 'its effect is there; what the library kept of its way was let go after its time',
  now_parked: 'waits in {service} for {waits_for}',
  now_dead: 'lies in the dead letters of {service} as {id}, and waits for a person',
  now_retrying: 'waits in {service} for its next call at {next_at}',
  now_called: 'on its way: the http lane of {service} calls for it',
  now_unpublished: 'on its way: the event lane of {service} has not published it yet',
  now_published: 'on its way: published, and {service} has no receipt yet',
  now_told: 'told: whoever reads a copy has kept it, or a later revision',
  now_unknown: '{service} could not be asked what it has of it',
  now_lost: 'nothing is known that carries it or that it has arrived',
} as const satisfies Readonly<Record<string, string>>

export type TraceCode = keyof typeof traceWords

/** The sentence in English. A code that this build lacks is shown as it is. */
export const traceSaid = ({ code, params }: Pick<TraceLine, 'code' | 'params'>): string =>
  ((traceWords as Readonly<Record<string, string>>)[code] ?? code).replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    String(params[name] ?? `{${name}}`),
  )
