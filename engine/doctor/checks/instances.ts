import type { Finding } from '../../api/doctor.ts'
import { raiseEpoch, restart, start, status, wakeUp } from '../commands.ts'
import { bookOf, booksOf, type Check, finding, type Found, instanceNumber, reportsOf, seconds } from '../found.ts'

/** Whether services answer, live, and are what they are said to be. */
export const instanceChecks: readonly Check[] = [
  {
    name: 'every instance answers',
    look: ({ services }) =>
      [...services].flatMap(([service, all]): Finding[] => {
        const away = all.flatMap(one => (one.is === 'away' ? [one] : []))
        if (all.length === 0) return [finding('broken', 'service_away', service, { service, instances: 0, reason: 'no address' }, status)]
        if (away.length === all.length) {
          const reason = [...new Set(away.map(one => one.reason))].join(', ')
          return [finding('broken', 'service_away', service, { service, instances: all.length, reason }, status, wakeUp(service), start)]
        }
        return away.map(({ url, reason }) => finding('broken', 'instance_away', service, { service, url, reason }, status, wakeUp(service)))
      }),
  },
  {
    name: 'every instance can report',
    look: ({ services }) =>
      [...services].flatMap(([service, all]) =>
        all.flatMap(one =>
          one.is === 'old'
            ? [finding('unknown', 'instance_old', service, { service, url: one.url, reason: one.reason }, restart(service))]
            : [],
        ),
      ),
  },
  {
    name: 'addresses lead to the services that they are said to be of',
    look: ({ services }) =>
      [...services].flatMap(([service, all]) =>
        all.flatMap(one =>
          one.is === 'told' && one.told.service !== service
            ? [finding('broken', 'service_other', service, { service, url: one.url, found: one.told.service })]
            : [],
        ),
      ),
  },
  {
    name: 'every instance gives signs of life',
    look: found =>
      booksOf(found).flatMap(({ service, instances }) => {
        const live = instances.filter(one => one.silent_ms === 0)
        // A name that is silent while all addresses have an instance that lives is that of a process that was replaced.
        if (live.length >= (found.services.get(service)?.length ?? 0)) return []
        return instances
          .filter(one => one.silent_ms > 0)
          .map(({ id, silent_ms: ms }) =>
            finding(
              'warning',
              'instance_silent',
              service,
              { service, instance: id, seconds: seconds(ms) },
              status,
              restart(service, instanceNumber(id)),
            ),
          )
      }),
  },
  {
    name: 'whoever answers is known to live',
    look: found =>
      [...found.services.keys()].flatMap(service =>
        reportsOf(found, service).flatMap(({ instance, instances }) =>
          instances.some(one => one.id === instance && one.silent_ms === 0)
            ? []
            : [finding('broken', 'instance_unlisted', service, { service, instance }, restart(service, instanceNumber(instance)))],
        ),
      ),
  },
  {
    name: 'every instance says of which build it is',
    look: found =>
      liveOf(found).flatMap(({ service, id, build }) =>
        build === null
          ? [finding('broken', 'build_unknown', service, { service, instance: id }, restart(service, instanceNumber(id)))]
          : [],
      ),
  },
  {
    name: 'siblings are of one build',
    look: found =>
      booksOf(found).flatMap(({ service, instances }) => {
        const live = instances.filter(one => one.silent_ms === 0 && one.build !== null)
        const builds = new Set(live.map(one => one.build))
        return builds.size > 1
          ? [
              finding(
                'warning',
                'builds_differ',
                service,
                { service, builds: live.map(one => `${one.id} is ${one.build}`).join(', ') },
                status,
                restart(service),
              ),
            ]
          : []
      }),
  },
  {
    name: 'instances of a service share one database',
    look: found =>
      [...found.services.keys()].flatMap(service => {
        const reports = reportsOf(found, service)
        return new Set(reports.map(one => one.database)).size > 1
          ? [
              finding('broken', 'databases_differ', service, {
                service,
                instances: reports.map(one => `${one.instance} uses ${one.database}`).join(', '),
              }),
            ]
          : []
      }),
  },
  {
    name: 'services use the databases that the engine has known',
    look: found =>
      booksOf(found).flatMap(({ service, database }) => {
        const known = found.own.databases[service]
        if (known === undefined || known.database === database) return []
        const params = { service, found: database, known: known.database, since: known.since.toISOString() }
        return [finding('broken', 'database_changed', service, params, raiseEpoch(service))]
      }),
  },
  {
    name: 'services have databases of their own',
    look: found =>
      [...Map.groupBy(booksOf(found), one => one.database).values()].flatMap(sharing => {
        const services = sharing.map(one => one.service).join(', ')
        return sharing.length > 1 ? [finding('broken', 'databases_shared', services, { services })] : []
      }),
  },
]

const liveOf = (found: Found) =>
  [...found.services.keys()].flatMap(service =>
    (bookOf(found, service)?.instances ?? []).filter(one => one.silent_ms === 0).map(one => ({ service, ...one })),
  )
