/**
 * What the doctor says. Findings travel as a code with parameters, like everything that the engine says; `found` and
 * `wanted` have their sentences in English. Nothing is imported, so that a browser can load it.
 */

/**
 * `broken`: facts wait, or a proof would be untrue, until somebody acts. `warning`: it holds for now. `unknown`: nobody
 * could look, and what nobody has seen is never fine.
 */
export type Severity = 'broken' | 'unknown' | 'warning'
export const severities: readonly Severity[] = ['broken', 'unknown', 'warning']

/** One difference between what is and what contracts and plans want. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** What it is about: a service, an instance, a link, a run. */
  readonly where: string
  readonly params: Readonly<Record<string, string | number>>
  /** What repairs it, in this order, each as it is typed; empty where only a person can decide. */
  readonly commands: readonly string[]
}

export interface DoctorReport {
  readonly ok: boolean
  /** How many checks were made, whatever they found. */
  readonly checks: number
  /** Broken ones first. */
  readonly findings: readonly Finding[]
  readonly took_ms: number
}

/** By code: what was found, and what is wanted. */
export const findingWords = {
  service_away: ['{service} does not answer at any of its {instances} addresses ({reason})', 'every instance answers'],
  instance_away: ['{url} of {service} does not answer ({reason})', 'every instance answers'],
  instance_old: ['{url} of {service} cannot report what it is: {reason}', 'every instance is of a build that reports'],
  instance_silent: [
    'instance {instance} of {service} has given no sign of life for {seconds} s',
    'every instance that has not taken its leave lives',
  ],
  instance_unlisted: [
    'instance {instance} answers and is not among the live instances in the database of {service}',
    'who answers gives signs of life',
  ],
  service_other: [
    'at {url}, where {service} should be, {found} answers',
    'SERVICE_URLS of the engine names each service by its own addresses',
  ],
  build_unknown: ['instance {instance} of {service} does not say of which build it is', 'every instance says what it is and can do'],
  builds_differ: ['{service} runs several builds: {builds}', 'all instances of a service are of one build, except while it is deployed'],
  databases_differ: ['the instances of {service} use different databases: {instances}', 'all instances of a service share one database'],
  databases_shared: ['{services} use one and the same database', 'every service has a database of its own'],
  database_changed: [
    '{service} uses database {found}, and the engine has known {known} since {since}',
    'the engine and its services are of one environment; who restored a database raises its epoch',
  ],
  epoch_behind: ['{service} stands at epoch {epoch}, and its epoch {seen} is known ({by}): it sends nothing', 'an epoch never falls'],
  term_ahead: ['{service} has seen term {term}, and the engine acts under {own}: it refuses the engine', 'the engine has the highest term'],
  route_unexplained: ['{link} is on {route}, and {by} says {wanted}', 'a link is where its last run or switch has left it'],
  switch_missing: ['{service} has no switch for {link}', 'the sender of a link decides its route'],
  reading_missing: ['{service} has no reading switch for {link}', 'the reader of a data link decides who answers'],
  share_left: ['{route} carries {share} % of the keys of {link}, and no run is moving it', 'a link that no run moves has one route'],
  shadow_left: ['{service} produces {link} in shadow, and no run needs it', 'a shadow is for a run that compares'],
  untold: ['reads of {link} use the copy in {reader}, and {owner} tells it no changes', 'a copy that is read is told every change'],
  told_idle: ['{owner} tells the changes of {link}, and {reader} reads no copy of it', 'changes are told to whoever reads the copy'],
  ability_missing: [
    'instance {lacking} of {service} cannot {ability} on {link}: {missing} of {instances} lack that',
    'every instance has {capability}',
  ],
  positions_missing: [
    'the consumer of {link} has positions for {stored} of {partitions} partitions',
    'a position is stored for every partition',
  ],
  version_unknown: ['{service} does not know {event} v{version}', 'every service knows every released version'],
  version_digest: [
    '{service} knows {event} v{version} with other content than the released document',
    'a released document is never edited',
  ],
  registry_digest: ['the registry has {event} v{version} with other content than the contract', 'a released document is never edited'],
  registry_missing: ['{event} v{version} is published and not in the registry', 'what is published is registered first'],
  version_unhandled: [
    '{service} states {event} in v{version}, which {instances} of {receiver} do not handle',
    'every receiver handles what is stated',
  ],
  version_unstated: [
    'instances {instances} of {service} cannot state {event} in v{version}, which the switch says',
    'every sender states the version that the switch says',
  ],
  topic_missing: ['{link} is carried by {event}, and its topic is {state}', 'the topic of an event that carries a link is open'],
  topic_hidden: [
    'the topic of {event} is in quarantine, and no run has put it there',
    'a topic is hidden by a run that drops it or takes it out again',
  ],
  topic_touched: ['the topic of {event} was reached for {touches} times in quarantine', 'nobody needs what is about to be dropped'],
  topic_partitions: ['the topic of {event} has {partitions} partitions', 'the contract says {wanted}'],
  topic_idle: [
    'the topic of {event} is open, and no instance of {service} can produce it',
    'a topic that nobody fills is dropped by the run that retires it',
  ],
  topic_unowned: ['the log has a topic {topic}, which no contract names', 'every topic belongs to an event'],
  log_away: ['{service} cannot reach the log: {reason}', 'every service reaches the log'],
  log_gap: [
    'the consumer of {link} stands at {position} of partition {partition}, and the log begins at {start}',
    'what was not read yet is still there',
  ],
  copy_missing: ['reads of {link} use the copy in {reader}, and it is {state}', 'a copy that is read is there'],
  copy_hidden: [
    'the copy of {link} in {reader} is in quarantine, and no run has put it there',
    'a copy is hidden by a run that drops it or takes it out again',
  ],
  copy_touched: [
    'the copy of {link} in {reader} was reached for {touches} times in quarantine',
    'nobody needs what is about to be dropped',
  ],
  lane_free: ['lane {lane} of {service} is held by nobody: {since}', 'one instance works on every lane'],
  partition_free: ['partition {partition} of {link} is held by nobody in {service}: {since}', 'every partition is read by an instance'],
  loop_stuck: ['{of} in instance {instance} of {service} does not move: {why}', 'every lane and consumer moves'],
  facts_open: [
    '{count} facts of {link} are open in {service} ({place}), the oldest for {seconds} s: {fact}',
    'a fact is terminal within a minute',
  ],
  facts_parked: [
    '{count} facts of {link} wait in {service} for {why}, the oldest for {seconds} s: {fact}',
    'what is parked is woken within minutes',
  ],
  facts_dead: [
    '{count} dead letters of {link} in {service} ({why}), the oldest for {seconds} s: {fact}',
    'dead letters are replayed or written off',
  ],
  late_arrivals: [
    '{count} messages of {link} came by {route} after it had left that route; the last is fact {fact} of epoch {epoch}',
    'nobody sends by an old route',
  ],
  run_failed: ['{run} of {link} has failed at step {step}: {why}', 'a run goes on or is undone'],
  run_paused: ['{run} of {link} stands still since {hours} h', 'a run goes on or is undone'],
  run_held: ['{run} of {link} waits at step {step} since {minutes} min: {why}', 'the gate of a step opens'],
  run_finished: [
    '{run} of {link} is finished since {hours} h, and both ways are still deployed',
    'a finished run is completed or reverted',
  ],
  run_foreign: ['{run} of {link} was started with another plan than this build has', 'a run is ended by the build that began it'],
  certificate_revoked: ['{link} was certified as drained of {route} for {run}, and is not: {why}', 'drained stays true once said'],
  lease_free: ['no engine acts: the lease is free since {seconds} s', 'one engine has the lease'],
  history_broken: ['the chain of the history does not hold', 'every line of the history fits the line before it'],
  ledger_unbalanced: [
    'the ledger of {service} is not balanced: the sum of all balances is {sum}',
    'all balances sum to zero, and each equals its recomputation',
  ],
  ledger_unknown: ['{service} does not say whether its ledger is balanced: {reason}', 'the ledger answers'],
  setting_unsafe: ['{setting} is {value} in the database of {where}', '{setting} is on, or a commit may be lost'],
  clock_off: ['the clock of {who} is {seconds} s off from that of the engine’s database', 'clocks agree within {limit} s'],
  node_old: ['{who} runs on Node {version}', 'Node {wanted} or later'],
  disk_full: ['{percent} % of the disk of {path} is used', 'less than {limit} %'],
  disk_unknown: ['the disk of {path} cannot be looked at: {reason}', 'the disk answers'],
  check_failed: ['the check "{check}" could not look: {reason}', 'every check looks'],
} as const satisfies Readonly<Record<string, readonly [found: string, wanted: string]>>

export type FindingCode = keyof typeof findingWords

const fill = (sentence: string, params: Finding['params']): string =>
  sentence.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? `{${name}}`))

/** What was found, in English. A code that this build lacks is shown as it is. */
export const foundSaid = ({ code, params }: Pick<Finding, 'code' | 'params'>): string =>
  fill((findingWords as Readonly<Record<string, readonly [string, string]>>)[code]?.[0] ?? code, params)

/** What is wanted instead. */
export const wantedSaid = ({ code, params }: Pick<Finding, 'code' | 'params'>): string =>
  fill((findingWords as Readonly<Record<string, readonly [string, string]>>)[code]?.[1] ?? '', params)
