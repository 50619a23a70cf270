import type { Broker } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import type { Database } from '../database/database.ts'
import { type Migrations, pendingMigrations } from '../database/install.ts'
import type { Check } from '../http/server.ts'
import type { Clock } from '../process/clock.ts'
import { documentDigest } from '../registry/registry.ts'
import type { RegistryStore } from '../registry/store.ts'
import { openSnapshot, waitMs } from '../telemetry/snapshot.ts'

/** Probes come from several sides; the parts are asked once a second. */
const keepMs = 1_000

export interface ReadinessOptions {
  readonly database: Database
  readonly broker: Broker
  readonly registry: RegistryStore
  readonly events: readonly EventContract[]
  readonly migrations: readonly Migrations[]
  readonly clock: Clock
}

/**
 * How the parts stand that a service needs. The log is none without which it cannot serve: its facts wait in the outbox,
 * so that is told as `degraded`, or an outage of the log would take every service out of traffic. Faults are told by
 * their code; their texts may name machines and users, and whoever probes has shown no token.
 */
export function openReadiness(options: ReadinessOptions): () => Promise<Readonly<Record<string, Check>>> {
  const { database, broker, registry, events, clock } = options
  const wanted = events.flatMap(({ name, versions }) =>
    versions.map((document, version) => ({ id: `${name} v${version}`, digest: documentDigest(document) })),
  )
  const parts: Readonly<Record<string, () => Promise<Check>>> = {
    async database() {
      await database.answers()
      return 'ok'
    },
    async migrations() {
      const pending = await pendingMigrations(database, options.migrations)
      return pending.length === 0 ? 'ok' : `not run yet: ${pending.join(', ')}`
    },
    async registry() {
      const known = new Map((await registry.all()).map(one => [`${one.event} v${one.version}`, one.digest]))
      const missing = wanted.filter(one => known.get(one.id) !== one.digest)
      return missing.length === 0 ? 'ok' : `not registered: ${missing.map(one => one.id).join(', ')}`
    },
    async broker() {
      const [event] = events
      if (event !== undefined) await broker.topic(event.topic)
      return 'ok'
    },
  }
  const looks = Object.entries(parts).map(([name, look]) => {
    const seen = openSnapshot(() => look().catch(away), clock, keepMs)
    return async (): Promise<readonly [string, Check]> => {
      const check = (await seen()) ?? `no answer within ${waitMs} ms`
      return [name, name === 'broker' && check !== 'ok' ? { degraded: `${String(check)}; facts wait in the outbox` } : check]
    }
  })
  return async () => Object.fromEntries(await Promise.all(looks.map(look => look())))
}

function away(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? `away (${code})` : 'away'
}
