// Worlds in which one thing each is broken, on paper: what the doctor has to find in them, and what repairs it.
import type { Diagnosis } from '../cutover/contract/diagnosis.ts'
import type { FindingCode, Severity } from '../engine/api/doctor.ts'
import type { Certificate } from '../engine/certificate/store.ts'
import type { Found } from '../engine/doctor/found.ts'
import { aFound, answering, aRun, owning, reporting } from './doctoring.ts'

export const healthy = aFound()
export const counting = (change: (told: Diagnosis) => Partial<Diagnosis>): Found => reporting(healthy, 'counting', change)
const adding = (change: (told: Diagnosis) => Partial<Diagnosis>): Found => reporting(healthy, 'adding', change)
const url = 'http://127.0.0.1:1'
export const waits = (place: 'outbox' | 'carried' | 'retry' | 'parked', seconds: number, why = ''): Diagnosis['waiting'][number] => ({
  link: 'L-1',
  place,
  why,
  count: 3,
  oldest_ms: seconds * 1_000,
  fact: '0190a7c1-0000-7000-8000-000000000001',
})
const oldest = 'npx cutover trace 0190a7c1-0000-7000-8000-000000000001'
export const partition: Diagnosis['partitions'][number] = {
  link: 'L-1',
  partition: 0,
  holder: '1',
  free_ms: 0,
  position: '4',
  start: '0',
  end: '4',
}
function ago(hours: number): string {
  return new Date(healthy.nowMs - hours * 3_600_000).toISOString()
}

export function topic(state: Diagnosis['topics'][number]['state']): Diagnosis['topics'][number] {
  return { event: 'Counted', state, partitions: state === 'absent' ? null : 1, touches: 0 }
}

/** L-1 is on the event, as far as it takes, with what its receiver says besides. */
function onEvent(more: Partial<Diagnosis>): Found {
  const sending = counting(({ switches, instances }) => ({
    switches: switches.map(one => (one.link === 'L-1' ? { ...one, route: 'event' } : one)),
    instances: instances.map(one => ({ ...one, capabilities: [...one.capabilities, 'produce:L-1'] })),
    topics: [topic('open')],
  }))
  return reporting(sending, 'adding', ({ instances }) => ({
    instances: instances.map(one => ({ ...one, capabilities: [...one.capabilities, 'act:L-1'] })),
    partitions: [partition],
    ...more,
  }))
}

const hiddenCopy = (touches: number): Found =>
  adding(({ readings }) => ({ readings: readings.map(one => ({ ...one, copy: 'quarantined', touches })) }))

const revoked: Certificate = {
  link: 'L-1',
  route: 'http',
  run: 'R-7',
  epoch: 1,
  issued: 1,
  terminal: 1,
  late: 0,
  issuedAt: new Date(healthy.nowMs),
  expiresAt: new Date(healthy.nowMs + 1_000),
  revokedAt: new Date(healthy.nowMs),
  revokedBy: { code: 'certificate_open', params: { link: 'L-1', route: 'http', outstanding: 1 } },
  looked: false,
}

const second = answering(healthy, 'counting', [
  ...(healthy.services.get('counting') ?? []),
  ...(healthy.services.get('counting') ?? []).map(one =>
    one.is === 'told' ? { ...one, told: { ...one.told, instance: '2', database: 'other' } } : one,
  ),
])

/** What is broken, what is found then, how bad it is, and the first command. */
export const worlds: readonly (readonly [FindingCode, Severity, Found, string | undefined])[] = [
  ['service_away', 'broken', answering(healthy, 'counting', []), 'npx cutover status'],
  ['service_away', 'broken', answering(healthy, 'counting', [{ url, is: 'away', reason: 'timeout' }]), 'npx cutover status'],
  [
    'instance_away',
    'broken',
    answering(healthy, 'counting', [...(healthy.services.get('counting') ?? []), { url, is: 'away', reason: 'timeout' }]),
    'npx cutover status',
  ],
  ['instance_old', 'unknown', answering(healthy, 'adding', [{ url, is: 'old', reason: '404' }]), 'npx cutover fault kill adding'],
  ['service_other', 'broken', counting(() => ({ service: 'adding' })), undefined],
  [
    'instance_silent',
    'warning',
    counting(({ instances }) => ({ instances: instances.map(one => ({ ...one, silent_ms: 90_000 })) })),
    'npx cutover status',
  ],
  ['instance_unlisted', 'broken', counting(() => ({ instance: '7' })), 'npx cutover fault kill counting --instance 7'],
  [
    'build_unknown',
    'broken',
    counting(({ instances }) => ({ instances: instances.map(one => ({ ...one, build: null })) })),
    'npx cutover fault kill counting --instance 1',
  ],
  [
    'builds_differ',
    'warning',
    counting(({ instances }) => ({ instances: [...instances, ...instances.map(one => ({ ...one, id: '2', build: 'other' }))] })),
    'npx cutover status',
  ],
  ['databases_differ', 'broken', second, undefined],
  ['databases_shared', 'broken', counting(() => ({ database: 'adding' })), undefined],
  [
    'database_changed',
    'broken',
    owning(healthy, { databases: { counting: { database: 'another', since: new Date(0) } } }),
    'npx cutover epoch counting --raise',
  ],
  ['epoch_behind', 'broken', adding(() => ({ seen: [{ link: 'L-1', epoch: 9 }] })), 'npx cutover epoch counting --raise'],
  ['epoch_behind', 'broken', counting(() => ({ epoch_seen: 9 })), 'npx cutover epoch counting --raise'],
  ['epoch_behind', 'broken', owning(healthy, { epochs: { counting: 9 } }), 'npx cutover epoch counting --raise'],
  ['term_ahead', 'broken', adding(() => ({ term: 10 ** 15 })), 'npx cutover fault kill engine'],
  [
    'route_unexplained',
    'broken',
    owning(healthy, { explained: new Map([['L-1', { route: 'event', by: 'R-3' }]]) }),
    'npx cutover switch L-1 --to event',
  ],
  [
    'route_unexplained',
    'broken',
    owning(healthy, { explained: new Map([['L-2', { route: 'event', by: 'R-3' }]]) }),
    'npx cutover apply L-2 --to event',
  ],
  ['switch_missing', 'broken', counting(() => ({ switches: [] })), 'npx cutover fault kill counting'],
  ['reading_missing', 'broken', adding(() => ({ readings: [] })), 'npx cutover fault kill adding'],
  [
    'share_left',
    'warning',
    counting(({ switches }) => ({ switches: switches.map(one => ({ ...one, share: 25 })) })),
    'npx cutover switch L-1 --to http',
  ],
  [
    'shadow_left',
    'warning',
    counting(({ switches }) => ({ switches: switches.map(one => ({ ...one, shadow: true })) })),
    'npx cutover switch L-1 --to http',
  ],
  [
    'untold',
    'broken',
    adding(({ readings }) => ({ readings: readings.map(one => ({ ...one, answers: 'replica' })) })),
    'npx cutover apply L-2 --to http',
  ],
  [
    'told_idle',
    'warning',
    counting(({ switches }) => ({ switches: switches.map(one => ({ ...one, route: 'event' })) })),
    'npx cutover apply L-2 --to event',
  ],
  [
    'ability_missing',
    'broken',
    adding(({ instances }) => ({ instances: instances.map(one => ({ ...one, capabilities: [] })) })),
    'npx cutover deploy adding --add serve:L-1',
  ],
  ['positions_missing', 'broken', onEvent({ partitions: [] }), 'npx cutover fault kill adding'],
  ['version_unknown', 'broken', adding(() => ({ versions: [] })), 'npx cutover fault kill adding'],
  [
    'version_digest',
    'broken',
    adding(({ versions }) => ({ versions: versions.map(one => ({ ...one, digest: 'x' })) })),
    'npx cutover fault kill adding',
  ],
  [
    'registry_digest',
    'broken',
    owning(healthy, { registry: [{ event: 'Counted', version: 0, digest: 'x' }] }),
    'npx cutover fault kill engine',
  ],
  ['registry_missing', 'warning', onEvent({}), 'npx cutover apply L-1 --to http'],
  [
    'version_unhandled',
    'broken',
    counting(() => ({ produced: [{ event: 'Counted', version: 1 }] })),
    'npx cutover deploy adding --add handle:Counted-v1',
  ],
  [
    'version_unstated',
    'broken',
    counting(() => ({ produced: [{ event: 'Counted', version: 1 }] })),
    'npx cutover deploy counting --add state:Counted-v1',
  ],
  [
    'topic_missing',
    'broken',
    reporting(onEvent({}), 'counting', () => ({ topics: [topic('absent')] })),
    'npx cutover topic Counted --open',
  ],
  ['topic_hidden', 'warning', counting(() => ({ topics: [topic('quarantined')] })), 'npx cutover topic Counted --open'],
  ['topic_touched', 'warning', counting(() => ({ topics: [{ ...topic('quarantined'), touches: 2 }] })), 'npx cutover topic Counted --open'],
  ['topic_partitions', 'broken', counting(() => ({ topics: [{ ...topic('open'), partitions: 2 }] })), undefined],
  ['topic_idle', 'warning', counting(() => ({ topics: [topic('open')] })), 'npx cutover apply L-1 --to event'],
  ['topic_unowned', 'warning', counting(() => ({ unowned: ['x.y'] })), undefined],
  ['log_away', 'broken', counting(() => ({ log_away: 'ECONNREFUSED' })), 'npx cutover status'],
  ['log_gap', 'broken', onEvent({ partitions: [{ ...partition, position: '4', start: '5' }] }), 'npx cutover refill L-1'],
  [
    'copy_missing',
    'broken',
    adding(({ readings }) => ({ readings: readings.map(one => ({ ...one, compares: true })) })),
    'npx cutover copy L-2 --create',
  ],
  [
    'copy_missing',
    'broken',
    adding(({ readings }) => ({ readings: readings.map(one => ({ ...one, compares: true, copy: 'quarantined' })) })),
    'npx cutover copy L-2 --restore',
  ],
  ['copy_hidden', 'warning', hiddenCopy(0), 'npx cutover copy L-2 --restore'],
  ['copy_touched', 'warning', hiddenCopy(3), 'npx cutover fault kill adding'],
  [
    'lane_free',
    'broken',
    counting(({ lanes }) => ({ lanes: lanes.map(one => (one.lane === 'http:L-1' ? { ...one, free_ms: 20_000 } : one)) })),
    'npx cutover status',
  ],
  ['lane_free', 'broken', counting(({ lanes }) => ({ lanes: lanes.filter(one => one.lane !== 'event') })), 'npx cutover status'],
  ['partition_free', 'broken', onEvent({ partitions: [{ ...partition, holder: null, free_ms: 20_000 }] }), 'npx cutover fault kill adding'],
  ['loop_stuck', 'warning', counting(() => ({ troubles: [{ of: 'event', why: 'the log is away' }] })), 'npx cutover status'],
  ['facts_open', 'broken', counting(() => ({ waiting: [waits('outbox', 300)] })), oldest],
  ['facts_open', 'broken', counting(() => ({ waiting: [waits('carried', 300)] })), oldest],
  ['facts_open', 'broken', counting(() => ({ waiting: [waits('retry', 300)] })), oldest],
  [
    'facts_parked',
    'broken',
    adding(() => ({ waiting: [waits('parked', 300, 'capability:act:L-1')] })),
    'npx cutover deploy adding --add act:L-1',
  ],
  ['facts_parked', 'broken', adding(() => ({ waiting: [waits('parked', 300, 'L-2')] })), oldest],
  [
    'facts_dead',
    'broken',
    counting(() => ({ waiting: [{ ...waits('parked', 1, 'refused'), place: 'refused' }] })),
    'npx cutover dead-letters',
  ],
  [
    'late_arrivals',
    'warning',
    adding(() => ({ late: [{ link: 'L-1', route: 'event', count: 1, fact: 'f', epoch: 2, last_ms: 1_000 }] })),
    'npx cutover trace f',
  ],
  ['run_failed', 'broken', { ...healthy, runs: [aRun({ state: 'failed', can: ['resume', 'revert'] })] }, 'npx cutover run show R-7'],
  [
    'run_paused',
    'warning',
    { ...healthy, runs: [aRun({ state: 'paused', ended_at: ago(2), can: ['resume', 'revert'] })] },
    'npx cutover resume R-7',
  ],
  ['run_held', 'warning', { ...healthy, runs: [aRun({ state: 'waiting', can: ['revert'] }, ago(2))] }, 'npx cutover run show R-7'],
  ['run_finished', 'warning', { ...onEvent({}), runs: [aRun({ state: 'finished', ended_at: ago(30) })] }, 'npx cutover complete R-7'],
  [
    'run_foreign',
    'broken',
    { ...healthy, runs: [aRun({ state: 'waiting', waits_for: { code: 'plan_changed', params: { plan: 'L-1' } } })] },
    'npx cutover run show R-7',
  ],
  ['certificate_revoked', 'broken', { ...healthy, certificates: [revoked] }, 'npx cutover certificates L-1'],
  ['lease_free', 'broken', owning(healthy, { lease: { term: 1, freeMs: 60_000 } }), 'npx cutover status'],
  ['history_broken', 'broken', owning(healthy, { historyIntact: false }), 'npx cutover history'],
  ['ledger_unbalanced', 'broken', { ...healthy, ledger: { service: 'adding', balanced: false, sum: 3 } }, 'npx cutover verify'],
  ['ledger_unknown', 'unknown', { ...healthy, ledger: { service: 'adding', away: 'timeout' } }, 'npx cutover status'],
  [
    'setting_unsafe',
    'broken',
    counting(() => ({ settings: { fsync: 'off' } })),
    'psql "$DATABASE_URL" -c "alter system set fsync = on" -c "select pg_reload_conf()"',
  ],
  ['clock_off', 'warning', { ...healthy, nowMs: healthy.nowMs + 3_600_000 }, 'timedatectl set-ntp true'],
  [
    'clock_off',
    'warning',
    counting(({ clock }) => ({ clock: { ...clock, database_ms: clock.database_ms - 3_600_000 } })),
    'timedatectl set-ntp true',
  ],
  ['node_old', 'broken', { ...healthy, node: 'v22.1.0' }, 'npm start'],
  ['disk_full', 'warning', { ...healthy, disk: { path: '/data', usedPercent: 91 } }, undefined],
  ['disk_full', 'broken', { ...healthy, disk: { path: '/data', usedPercent: 95.5 } }, undefined],
  ['disk_unknown', 'unknown', { ...healthy, disk: { path: '/data', reason: 'ENOENT' } }, undefined],
]
