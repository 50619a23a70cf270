import type { Said } from './plan.ts'

/**
 * Every sentence that plans, gates and runs say, in English, by code; `{name}` stands for a parameter. The engine sends
 * codes, so that each reader says them in its own language: the command line from here, the console from here or from
 * its Russian twin, which a test holds to the same codes and parameters.
 */
export const words: Readonly<Record<string, string>> = {
  // register
  register: 'enter {event} v{version} in the registry',
  register_now: '{event} v{version} is not in the registry yet',
  register_now_done: '{event} v{version} is in the registry already',
  register_gate: '{services} know {event} v{version} with the digest that was released',
  register_inverse: 'take {event} v{version} out of the registry',
  register_inverse_kept: 'nothing: {event} v{version} was in the registry before this run',
  register_unknown: '{instances} do not know {event} v{version}, or know it with other content',

  // deploy
  deploy_record: 'deploy {service} with an empty consumer of {link}: it records what it would do, and changes nothing',
  deploy_act: 'deploy {service} with a consumer of {link} that can act',
  deploy_serve: 'deploy {service} with the HTTP endpoint of {link}',
  deploy_call: 'deploy {service} with the HTTP calls of {link}',
  deploy_produce: 'deploy {service} with a producer of {event} for {link}: it publishes nothing before the switch says so',
  deploy_now: '{missing} of {instances} instances of {service} lack {capability}: they are restarted one by one',
  deploy_now_done: 'all {instances} instances of {service} have {capability} already',
  deploy_now_unknown: '{service} does not answer: its instances are not known',
  deploy_gate: 'every live instance of {service} declares {capability}',
  deploy_gate_positions: 'every live instance of {service} declares {capability}, and a position is stored for every partition',
  deploy_inverse: 'deploy {service} without {capability} again',
  deploy_inverse_kept: 'nothing: {service} had {capability} before this run',
  deploy_waits: '{lacking} do not declare {capability} yet: {declared} of {instances} instances do',
  deploy_waits_person: 'deploy {service} with {capability}: {declared} of {instances} instances declare it; {lacking} do not',
  deploy_waits_none: 'no instance of {service} is alive',
  deploy_waits_positions: '{service} has stored positions for {stored} of {partitions} partitions',
  undeploy_waits: '{having} still declare {capability}',

  // produce
  produce: '{service} produces {event} in shadow: HTTP keeps the authority on {link}',
  produce_now: '{service} does not produce {event} on {link} yet',
  produce_now_done: '{service} produces {event} in shadow already, since epoch {epoch}',
  produce_gate: 'the first fact in shadow has come to {service} by event',
  produce_inverse: '{service} stops producing {event} in shadow',
  produce_waits: 'no fact in shadow has come to {service} by event yet; {facts} have been stated',

  // parity
  parity: 'compare what the event would have done with what HTTP did, by business key',
  parity_now: 'compared so far: {equal} equal, {different} different, {missing} missing, {extra} extra, {late} late',
  parity_now_off: 'nothing is compared while nothing is produced in shadow',
  parity_gate: 'at least {pairs} pairs, {coverage} % of all facts paired, none different, missing or extra',
  parity_waits: '{have} of {want} pairs, {rate} a second',
  parity_waits_traffic: '{have} of {want} pairs, and no new ones come: traffic rests',
  parity_waits_coverage: '{percent} % of the facts are paired, {want} % are asked for',
  parity_differs: '{different} different, {missing} missing, {extra} extra: see cutover parity {link}',

  // route
  route: 'one switch in {service}: from now on {route} carries {link}',
  route_now: '{link} is on {from}; the switch stands at epoch {epoch}',
  route_now_done: '{link} is on {route} already',
  route_gate: '{service} confirms the switch; no transaction of the epoch before it is open',
  route_inverse: 'switch {link} back to {route}, and wait until what was stated meanwhile has arrived',
  route_waits: '{service} still tells that {link} is on {route}',

  route_now_share: '{route} carries {share} % of the keys of {link}; the switch stands at epoch {epoch}',
  route_waits_share: '{service} tells that {route} carries {share} % of the keys of {link}',

  // portion
  portion: 'one switch in {service}: {route} carries {share} % of the keys of {link}, the rest goes as before',
  portion_gate: 'at least {facts} facts stated for {route} since have arrived for good, and none is a dead letter',
  portion_inverse: 'switch all keys of {link} back to {route}, and wait until what was stated meanwhile has arrived',
  portion_waits: '{terminal} of {want} facts have arrived for good by {route}; {issued} have been stated',
  portion_dead: '{dead} facts stated for {route} on {link} are dead letters: settle them and resume, or revert',

  // drained
  drained: 'count the facts that were stated for {route} on {link} against those that have arrived for good',
  drained_now: '{outstanding} of {issued} facts stated for {route} have not arrived for good',
  drained_now_later: 'nothing to count while {link} is on {route}',
  drained_gate: 'all facts stated for {route} on {link} are terminal: issued minus terminal is zero',
  drained_waits:
    '{outstanding} of {issued} facts: {on_their_way} on their way, {retrying} waiting for the next try, {parked} parked, {dead} dead letters',
  drained_share: '{route} carries {share} % of the keys of {link}: more are being stated for both routes',
  drained_route: '{link} is on {route}: more are being stated',

  // retire
  retire_call: 'deploy {service} without the HTTP calls of {link}',
  retire_serve: 'deploy {service} without the HTTP endpoint of {link}: whoever calls it still is refused',
  retire_produce: 'deploy {service} without the producer of {event} for {link}',
  retire_consume: 'deploy {service} without the consumer of {link}',
  retire_now: '{having} of {instances} instances of {service} still have {capability}',
  retire_now_done: 'no instance of {service} has {capability} any more',
  retire_gate: 'no live instance of {service} declares {capability}',
  retire_no_return: 'the old way is taken out of what runs; the way back is a plan of its own: cutover apply {link} --to {route}',

  // links
  link_service_away: '{service} does not answer ({reason})',
  link_instances_away: '{away} of {instances} instances of {service} do not answer ({reason})',
  link_service_unknown: '{service} has no address',
  link_epoch_back: '{service} tells epoch {told} after {seen}: its database was restored from an older backup',

  // any step
  service_away: '{service} does not answer: {reason}',
  step_refused: '{reason}',
  way_back_blocked: 'the way back would not work now: {reason}',
  plan_changed: 'this build has another plan {plan} than the run was started with: finish it with the build that started it',
  until_reached: 'paused after step {step}, as ordered',
  internal: 'something failed in the engine: {reason}',

  // figures
  figure_instances: 'instances that declare it',
  figure_having: 'instances that still have it',
  figure_positions: 'partitions with a position',
  figure_services: 'services that know it',
  figure_first: 'facts in shadow that have come',
  figure_pairs: 'pairs compared',
  figure_coverage: 'per cent of facts paired',
  figure_different: 'different',
  figure_missing: 'missing',
  figure_extra: 'extra',
  figure_late: 'late',
  figure_issued: 'facts stated',
  figure_terminal: 'arrived for good',
  figure_outstanding: 'outstanding',
  figure_parked: 'parked',
  figure_dead: 'dead letters',
  figure_epoch: 'epoch of the switch',
}

/** The sentence in the words given, English unless said otherwise. A code that they lack is shown as it is. */
export const say = ({ code, params }: Said, inWords: Readonly<Record<string, string>> = words): string =>
  (inWords[code] ?? code).replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? `{${name}}`))
