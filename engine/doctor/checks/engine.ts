import type { Finding } from '../../api/doctor.ts'
import { history, restart, setClock, setOn, start, status, verify } from '../commands.ts'
import { booksOf, type Check, finding, type Found, reportsOf, seconds } from '../found.ts'

/** Longer than it takes another engine to take the lease over. */
const leaseFreeMs = 5_000
/** Leases are told by databases, so clocks decide nothing; certificates and times that people read go by them. */
const clockOffMs = 2_000
const diskPercents = { warning: 90, broken: 95 } as const
const nodeWanted = '24.6'

/** The engine itself, its books, and the machines that everything runs on. */
export const engineChecks: readonly Check[] = [
  {
    name: 'one engine acts',
    look: ({ own }) =>
      own.lease.freeMs < leaseFreeMs
        ? []
        : [
            finding(
              'broken',
              'lease_free',
              'engine',
              { seconds: seconds(Math.min(own.lease.freeMs, 1e9)) },
              status,
              restart('engine'),
              start,
            ),
          ],
  },
  {
    name: 'the history is intact',
    look: ({ own }) => (own.historyIntact ? [] : [finding('broken', 'history_broken', 'engine', {}, history)]),
  },
  {
    name: 'the ledger is balanced',
    look({ ledger }) {
      if (ledger === null) return []
      const { service } = ledger
      if ('away' in ledger) return [finding('unknown', 'ledger_unknown', service, { service, reason: ledger.away }, status)]
      return ledger.balanced ? [] : [finding('broken', 'ledger_unbalanced', service, { service, sum: ledger.sum }, verify)]
    },
  },
  {
    name: 'databases lose no commit',
    look: found =>
      [
        { where: 'the engine', settings: found.own.settings },
        ...booksOf(found).map(({ service, settings }) => ({ where: service, settings })),
      ].flatMap(({ where, settings }) =>
        Object.entries(settings).flatMap(([setting, value]): Finding[] =>
          value === 'off' || value === 'local'
            ? [finding('broken', 'setting_unsafe', where, { where, setting, value }, setOn(setting))]
            : [],
        ),
      ),
  },
  {
    name: 'clocks agree',
    look: found =>
      clocksOf(found).flatMap(({ who, offMs }) =>
        Math.abs(offMs) <= clockOffMs
          ? []
          : [finding('warning', 'clock_off', who, { who, seconds: (offMs / 1_000).toFixed(1), limit: clockOffMs / 1_000 }, setClock)],
      ),
  },
  {
    name: 'processes run on a Node that is new enough',
    look: found =>
      [
        { who: 'the engine', version: found.node },
        ...[...found.services.keys()].flatMap(service =>
          reportsOf(found, service).map(({ instance, node }) => ({ who: `${instance} of ${service}`, version: node })),
        ),
      ].flatMap(({ who, version }) =>
        isNewEnough(version) ? [] : [finding('broken', 'node_old', who, { who, version, wanted: nodeWanted }, start)],
      ),
  },
  {
    name: 'there is room on the disk',
    look({ disk }) {
      if (disk === null) return []
      const { path } = disk
      if ('reason' in disk) return [finding('unknown', 'disk_unknown', path, { path, reason: disk.reason })]
      const percent = Math.floor(disk.usedPercent)
      if (percent < diskPercents.warning) return []
      const severity = percent >= diskPercents.broken ? 'broken' : 'warning'
      return [finding(severity, 'disk_full', path, { path, percent, limit: diskPercents.warning })]
    },
  },
]

/** How far each clock is off from that of the engine's database, as far as the time that asking took lets one say. */
function clocksOf(found: Found): readonly { readonly who: string; readonly offMs: number }[] {
  const ahead = found.own.databaseMs - found.nowMs
  const own = [{ who: 'the engine', offMs: -ahead }]
  const told = [...found.services].flatMap(([service, all]) =>
    all.flatMap(one => {
      if (one.is !== 'told') return []
      // What was told was so at some moment between the question and the answer.
      const [first, last] = [one.askedMs + ahead, one.answeredMs + ahead]
      const off = (ms: number): number => (ms < first ? ms - first : ms > last ? ms - last : 0)
      return [
        { who: `${one.told.instance} of ${service}`, offMs: off(one.told.clock.process_ms) },
        { who: `the database of ${service}`, offMs: off(one.told.clock.database_ms) },
      ]
    }),
  )
  return [...new Map([...own, ...told].map(one => [one.who, one])).values()]
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 6)
}
