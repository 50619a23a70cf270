import { type ColumnMode, modeOf } from '../contract/columns.ts'
import type { LinkContract } from '../contract/contract.ts'
import { isAble } from '../contract/capability.ts'
import type { Database } from '../database/database.ts'
import type { Doorbell } from '../database/doorbell.ts'
import { type Breaker, openBreaker } from '../failure/breaker.ts'
import { openClient, Unreachable } from '../http/client.ts'
import type { Signer } from '../http/tokens.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import { openOwner, type Owner } from '../reading/owner.ts'
import { type LinkReader, openReader, type OpenReader } from '../reading/reader.ts'
import { openReadingCache, type ReadingCache } from '../reading/switch.ts'
import type { Gather, Handler } from '../receive/handler.ts'
import type { ReplicaDefinition, Row } from '../replica/definition.ts'
import { replicaHandler } from '../replica/handler.ts'
import { openReplicaStore } from '../replica/postgres.ts'
import { loops } from './loops.ts'
import type { Meters } from './meter.ts'
import { observedBreaker } from './observed.ts'
import type { Stores } from './stores.ts'

const deadlineMs = 2_000
const reloadMs = 1_000
const forgetMs = 60_000
/** What was gathered and is needed again after that is gathered again. */
const gatheredMinutes = 10

export interface ReadingsOptions {
  readonly service: string
  readonly instance: string
  readonly capabilities: readonly string[]
  readonly links: readonly LinkContract[]
  readonly database: Database
  readonly stores: Stores
  readonly signer: Signer
  readonly urls: Readonly<Record<string, readonly string[]>>
  readonly doorbell: Doorbell
  readonly meters: Meters
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
}

/** What this instance reads over data links. */
export interface Readings {
  read<R extends Row>(definition: ReplicaDefinition<R>): LinkReader<R>
  /** The readers that were asked for, by link. */
  readonly all: ReadonlyMap<string, OpenReader>
  /** The consumers of their copies, by link. */
  handlers(): Readonly<Record<string, Handler>>
  /** Fetches what waits for a row that is read by HTTP; what is none of these is left to `others`. */
  gather(others: Gather | undefined): Gather
  /** Makes the copies that reads are answered from, where they have never been made. */
  install(): Promise<void>
  epochs(): Readonly<Record<string, number>>
  /** The breakers of the links that this instance reads by HTTP. */
  breakers(): Readonly<Record<string, string>>
  reload(): Promise<void>
  readonly running: Running
}

export async function openReadings(options: ReadingsOptions): Promise<Readings> {
  const { service, instance, links, database, stores, doorbell, meters, clock, log, random } = options
  await stores.reading.install(
    links
      .filter(link => link.kind === 'data' && link.to === service)
      .map(({ id, start }) => ({ link: id, answers: start === 'event' ? ('replica' as const) : ('http' as const) })),
  )
  const cache: ReadingCache = await openReadingCache(stores.reading)
  const all = new Map<string, OpenReader>()
  const breakers = new Map<string, Breaker>()

  function ownerOf(definition: ReplicaDefinition, link: LinkContract): Owner {
    if (!isAble(options.capabilities, 'call', link.id)) return retired(link)
    const client = openClient({
      baseUrls: options.urls[link.from] ?? [],
      token: () => options.signer.token({ audience: link.from, link: link.id }),
      deadlineMs,
      connectionsMax: 32,
    })
    // While the owner is away or hangs, one request at a time finds out whether it is back; nobody else waits for it.
    const breaker = observedBreaker(openBreaker({ failuresMax: 3, firstMs: 500, maxMs: 5_000 }, clock, random), link.id, meters)
    breakers.set(link.id, breaker)
    return openOwner(definition, link.from, client, breaker)
  }

  const reload = (): Promise<void> => cache.reload().catch(error => log.debug({ err: error }, 'reading: reloaded at the next look'))
  doorbell.listen('reading', () => void reload())

  async function keepUp(signal: AbortSignal): Promise<void> {
    let forgotMs = 0
    while (!signal.aborted) {
      await clock.sleep(reloadMs, signal)
      await reload()
      if (clock.now() - forgotMs < forgetMs) continue
      forgotMs = clock.now()
      await stores.reading.forget(gatheredMinutes).catch(error => log.debug({ err: error }, 'reading: forgotten later'))
    }
  }

  return {
    all,
    read<R extends Row>(definition: ReplicaDefinition<R>) {
      const link = links.find(one => one.id === definition.link)
      if (link === undefined || link.kind !== 'data' || link.to !== service)
        throw new Error(`${service} reads nothing over ${definition.link}`)
      if (all.has(link.id)) throw new Error(`${service} asks twice for the reader of ${link.id}`)
      const opened = openReader({
        definition,
        instance,
        cache,
        readings: stores.reading,
        store: openReplicaStore(database, definition, `${service}-${instance}`, modeFor(options.capabilities, definition)),
        owner: ownerOf(definition, link),
        clock,
        log,
        read: answers => meters.read(link.id, answers === 'http' ? 'http' : 'event'),
      })
      all.set(link.id, opened)
      return opened.reader as unknown as LinkReader<R>
    },
    handlers: () => Object.fromEntries([...all].map(([id, { definition, store }]) => [id, replicaHandler(definition, store) as Handler])),
    gather: others => async (waitsFor, signal) => {
      const colon = waitsFor.indexOf(':')
      const reader = all.get(waitsFor.slice(0, colon))
      if (reader !== undefined) return reader.gather(waitsFor.slice(colon + 1))
      return (await others?.(waitsFor, signal)) ?? false
    },
    async install() {
      for (const { store, reader } of all.values()) {
        if (reader.answersFrom() === 'replica' && (await store.state()).state === 'absent') await store.create()
      }
    },
    breakers: () => Object.fromEntries([...breakers].map(([link, breaker]) => [link, breaker.state().is])),
    epochs: () => Object.fromEntries([...all].map(([id, reader]) => [id, reader.epoch()])),
    reload,
    get running() {
      return loops('readings', [
        keepUp,
        ...[...all.values()].map(
          ({ comparison }) =>
            (signal: AbortSignal) =>
              comparison.run(signal),
        ),
      ])
    },
  }
}

/** What this instance does about a column of a copy that changes. */
export const modeFor = (capabilities: readonly string[], { change }: ReplicaDefinition): ColumnMode =>
  change === undefined ? 'old' : modeOf(capabilities, change.change)

/** The way by HTTP is not deployed in this instance. */
function retired({ id, from }: LinkContract): Owner {
  const refuse = (): never => {
    throw new Unreachable(`this instance does not call ${from} on ${id}: deploy it with call:${id}`, { sent: false })
  }
  return { one: async () => refuse(), list: async () => refuse(), willing: () => false }
}
