// Every name by which this system is watched: metrics with their labels, spans' attributes. Nothing else spells one out,
// so that a dashboard and its rules can be held against this list, and against what running processes show.

/** Few and bounded: no ids, no keys, nothing that a person has typed. `service` is on every series. */
export type Label = 'link' | 'route' | 'event' | 'version' | 'outcome' | 'state' | 'step' | 'figure' | 'side' | 'notice'

export interface Metric {
  /** `cutover_<noun>_<unit>`; counters end in `_total`. */
  readonly name: `cutover_${string}`
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly Label[]
  readonly buckets?: readonly number[]
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const sizes = [1, 2, 5, 10, 25, 50, 100, 250, 500]

const counter = (name: Metric['name'], help: string, labels: readonly Label[]): Metric => ({ name, kind: 'counter', help, labels })
const gauge = (name: Metric['name'], help: string, labels: readonly Label[] = []): Metric => ({ name, kind: 'gauge', help, labels })
const histogram = (name: Metric['name'], help: string, labels: readonly Label[], buckets = seconds): Metric => ({
  name,
  kind: 'histogram',
  help,
  labels,
  buckets,
})

/** Of every process that serves HTTP. */
export const processMetrics = {
  requests: histogram('cutover_request_seconds', 'HTTP requests by operation ("GET /tasks/{id}") and class of status, with their time.', [
    'route',
    'outcome',
  ]),
  scrape: gauge(
    'cutover_scrape_ok',
    'Whether the figures that need the database could be had for this scrape: 1, or 0 and they are missing.',
  ),
  clock: gauge('cutover_clock_offset_seconds', "This process's clock less its database's."),
  build: gauge('cutover_build_info', 'Always 1: the build that runs.', ['version']),
} as const

/** Of an instance of a service. */
export const serviceMetrics = {
  facts: counter('cutover_facts_total', 'Facts stated, by link and route, and the version of their event.', [
    'link',
    'route',
    'event',
    'version',
  ]),
  reads: counter('cutover_reads_total', 'Reads over data links, by link and by the route that answered: http, or event for the copy.', [
    'link',
    'route',
  ]),
  outcomes: counter('cutover_outcomes_total', 'What became of received messages, by link and outcome.', ['link', 'outcome']),
  duplicates: counter('cutover_duplicates_total', 'Repeats that had no second effect, by link.', ['link']),
  notices: counter(
    'cutover_notices_total',
    'Received messages with something odd that kept nobody from acting on them, by link and what it was (clock_suspect, unknown_field).',
    ['link', 'notice'],
  ),
  receive: histogram('cutover_receive_seconds', 'Handling a batch of messages in its transaction, by link.', ['link']),
  deliveries: counter(
    'cutover_deliveries_total',
    'Facts handed over, or tried to be, by link, route and outcome; event means to the log.',
    ['link', 'route', 'outcome'],
  ),
  delivery: histogram('cutover_delivery_seconds', 'One call of a receiver, or one append to the log, by link and route.', [
    'link',
    'route',
  ]),
  batch: histogram('cutover_relay_batch_facts', 'Facts that the relay has appended to the log at once, by event.', ['event'], sizes),
  refusals: counter(
    'cutover_schema_refusals_total',
    'Envelopes that are not what the contract allows, by event, version and side (send, receive).',
    ['event', 'version', 'side'],
  ),
  parity: counter(
    'cutover_parity_pairs_total',
    'Comparisons of the two routes of a link, by verdict: effects of a business link, reads of a data link.',
    ['link', 'outcome'],
  ),
  transitions: counter('cutover_breaker_transitions_total', 'Times that the breaker of a link has come into a state.', ['link', 'state']),
  breaker: gauge('cutover_breaker_state', 'The breaker of a link: 0 closed, 1 half-open, 2 open.', ['link']),
  depth: gauge(
    'cutover_outbox_facts',
    'Facts in the outbox that are not delivered yet, by link; 10,000 of each kind are counted at the most.',
    ['link'],
  ),
  oldest: gauge('cutover_outbox_oldest_seconds', 'Age of the oldest of them; 0 when there is none.', ['link']),
  outboxDepth: gauge('cutover_outbox_depth', 'Facts of this service that wait to be delivered, by the slowest lane.'),
  outboxBound: gauge('cutover_outbox_bound', 'The depth at which new facts are refused.'),
  outboxRefused: counter('cutover_outbox_refused_total', 'Transactions that were refused because the outbox was at its bound.', []),
  retriesPutOff: counter(
    'cutover_retry_budget_exhausted_total',
    'Retries that were put off because the calls of the link had not earned them.',
    ['link'],
  ),
  logBreaker: gauge('cutover_log_breaker_state', 'The breaker of appends to the log: 0 closed, 1 half-open, 2 open.'),
  retries: gauge('cutover_retries_waiting', 'Deliveries by HTTP that have failed and wait for their next attempt, by link.', ['link']),
  dead: gauge('cutover_dead_letters_open', 'Messages that nobody could handle and that wait for a person, by link.', ['link']),
  parked: gauge('cutover_parked_messages', 'Messages that wait for something known, by link.', ['link']),
  parkedOldest: gauge('cutover_parked_oldest_seconds', 'Age of the oldest of them, by link; 0 when there is none.', ['link']),
  lag: gauge(
    'cutover_consumer_lag_records',
    'Records of the log that this instance has still to read, by link; missing while that is unknown.',
    ['link'],
  ),
  lagAge: gauge('cutover_consumer_lag_seconds', 'Age of the oldest of them; 0 when there is none, missing while it is unknown.', ['link']),
} as const

/** Of an engine. */
export const engineMetrics = {
  lease: gauge('cutover_lease_held', 'Whether this engine acts: 1, or 0 while it stands by.'),
  runs: gauge('cutover_runs', 'Runs by state.', ['state']),
  step: gauge('cutover_step_state', 'Always 1: the state that a step of an unfinished run is in.', ['link', 'step', 'state']),
  gateValue: gauge('cutover_gate_value', 'What the open gate of an unfinished run saw when it looked last, by figure.', [
    'link',
    'step',
    'figure',
  ]),
  gateThreshold: gauge('cutover_gate_threshold', 'What it asks for.', ['link', 'step', 'figure']),
  gateHeld: gauge('cutover_gate_held_seconds', 'For how long the open gate has held its run; 0 once it passes.', ['link', 'step']),
  verified: gauge('cutover_verify_age_seconds', 'Since the last verification by this engine; missing before the first.'),
  mismatches: gauge('cutover_verify_mismatches', 'What the last verification found wrong, by link.', ['link']),
  imbalance: gauge('cutover_ledger_imbalance', 'The sum of all balances as last verified, in minor units: anything but 0 is wrong.'),
  unbalanced: gauge(
    'cutover_ledger_unbalanced',
    'Whether the last verification found a balance that is not its recomputation, or a sum that is not 0: 1, else 0.',
  ),
} as const

export const allMetrics: readonly Metric[] = [
  ...Object.values(processMetrics),
  ...Object.values(serviceMetrics),
  ...Object.values(engineMetrics),
]

/** The figures of the breaker gauge. */
export const breakerValue = { closed: 0, 'half-open': 1, open: 2 } as const

/** Attributes of spans, by OpenTelemetry's names where there are any. The moving ones have both spellings below. */
export const attributes = {
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  group: 'messaging.consumer.group.name',
  message: 'messaging.message.id',
  size: 'messaging.message.body.size',
  count: 'messaging.batch.message_count',
  errorType: 'error.type',
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  server: 'server.address',
  port: 'server.port',
  link: 'cutover.link',
  event: 'cutover.event',
  version: 'cutover.event.version',
  outcome: 'cutover.outcome',
} as const

/** `messaging.system` as documented, and as the constants of 1.45 have it. */
const systems = { old: 'messaging.system', stable: 'messaging.system.name' } as const

/**
 * Names the system that carries events, in the spelling that OTEL_SEMCONV_STABILITY_OPT_IN asks for: the documented one,
 * `messaging` for the newer one, `messaging/dup` for both.
 */
export function messagingSystem(system: string, optIn: string | undefined): Readonly<Record<string, string>> {
  const wanted = new Set((optIn ?? '').split(',').map(one => one.trim()))
  return {
    ...(wanted.has('messaging') && !wanted.has('messaging/dup') ? {} : { [systems.old]: system }),
    ...(wanted.has('messaging') || wanted.has('messaging/dup') ? { [systems.stable]: system } : {}),
  }
}
