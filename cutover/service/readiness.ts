import type { Broker } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import type { Database } from '../database/database.ts'
import { type Migrations, pendingMigrations } from '../database/install.ts'
import { away, nothingOf, openChecks } from '../http/checks.ts'
import type { Check } from '../http/server.ts'
import type { Clock } from '../process/clock.ts'
import { documentDigest } from '../registry/registry.ts'
import type { RegistryStore } from '../registry/store.ts'

/** Less than the whole look may take: that it hangs has to be told as what it is. */
const brokerMs = 1_000

export interface ReadinessOptions {
  readonly database: Pick<Database, 'answers' | 'query'>
  readonly broker: Pick<Broker, 'topic'>
  readonly registry: Pick<RegistryStore, 'all'>
  readonly events: readonly EventContract[]
  readonly migrations: readonly Migrations[]
  readonly clock: Clock
}

/**
 * How the parts stand that a service needs. The log is none without which it cannot serve: its facts wait in the outbox, so
 * that is told as `degraded`, or an outage of the log would take every service out of traffic.
 */
export function openReadiness(options: ReadinessOptions): () => Promise<Readonly<Record<string, Check>>> {
  const { database, broker, registry, events, clock } = options
  const wanted = events.flatMap(({ name, versions }) =>
    versions.map((document, version) => ({ id: `${name} v${version}`, digest: documentDigest(document) })),
  )
  return openChecks(
    {
      async database() {
        await database.answers()
        return 'ok'
      },
      migrations: async () => nothingOf(await pendingMigrations(database, options.migrations), 'not run yet'),
      async registry() {
        const known = new Map((await registry.all()).map(one => [`${one.event} v${one.version}`, one.digest]))
        const missing = wanted.filter(one => known.get(one.id) !== one.digest).map(one => one.id)
        return nothingOf(missing, 'not registered')
      },
      async broker() {
        const [event] = events
        if (event === undefined) return 'ok'
        const done = new AbortController()
        const late = clock.sleep(brokerMs, done.signal).then(() => `no answer within ${brokerMs} ms`)
        const is = await Promise.race([broker.topic(event.topic).then(() => 'ok', away), late])
        done.abort()
        return is === 'ok' ? is : { degraded: `${is}; facts wait in the outbox` }
      },
    },
    clock,
  )
}
