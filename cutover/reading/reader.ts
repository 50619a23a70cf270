import type { Tx } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import { type Kept, keyOf, type ReplicaDefinition, type Row, waitFor } from '../replica/definition.ts'
import { Quarantined, type ReplicaStore } from '../replica/store.ts'
import { type Comparison, openComparison } from './comparison.ts'
import type { Side } from './judge.ts'
import type { Owner } from './owner.ts'
import type { Answers, ReadingStore } from './store.ts'
import type { ReadingCache } from './switch.ts'

/**
 * Reads state that another service owns. From where, its owner by HTTP or the copy here, the reading switch says; whoever
 * reads need not know. While both are compared nobody waits for the side that does not answer.
 */
export interface LinkReader<R extends Row = Row> {
  readonly link: string
  /** One row as it is now, or null when there is none. Throws `Unreachable` while it is read by HTTP and the owner is away. Not inside a transaction. */
  get(key: string): Promise<Kept<R> | null>
  /** Rows in the order of their keys from after `after`. The same rules. */
  list(after: string | null, limit: number): Promise<readonly Kept<R>[]>
  /** Those of the rows that are here already, for a decision inside a transaction: no call is made. What is not here is waited for. */
  known(tx: Tx, keys: readonly string[]): Promise<ReadonlyMap<string, R>>
  /** What a decision waits for that needs a row: it is fetched in the background, or arrives by itself. */
  waitsFor(key: string): string
  answersFrom(): Answers
}

/** What the service needs of a reader besides. */
export interface OpenReader {
  readonly definition: ReplicaDefinition
  readonly store: ReplicaStore
  readonly reader: LinkReader
  readonly comparison: Comparison
  /** Fetches a row that something waits for, if it is read by HTTP; false when it will arrive by itself. */
  gather(key: string): Promise<boolean>
  /** No read under an epoch below this one is in flight in this instance. */
  epoch(): number
}

export interface ReaderOptions {
  readonly definition: ReplicaDefinition
  readonly instance: string
  readonly cache: ReadingCache
  readonly readings: ReadingStore
  readonly store: ReplicaStore
  readonly owner: Owner
  readonly clock: Clock
  readonly log: Log
  /** Told of every read, and who answers it. */
  readonly read: (answers: Answers) => void
}

const rowsOf = (found: ReadonlyMap<string, Kept>): ReadonlyMap<string, Row> => new Map([...found].map(([key, { row }]) => [key, row]))

export function openReader(options: ReaderOptions): OpenReader {
  const { definition, instance, cache, readings, store, owner, clock, log } = options
  const { link } = definition
  const inFlight = new Map<number, number>()
  let ownerAway = false
  const comparison = openComparison({
    link,
    instance,
    store: readings,
    owner: (key, epoch) => sideOf(epoch, () => owner.one(key)),
    copy: (key, epoch) => sideOf(epoch, () => copyOf(key)),
    clock,
    log,
  })
  const copyOf = async (key: string): Promise<Kept | null> => (await store.find([key])).get(key) ?? null

  /** Reads under one epoch, from first to last; a source that is gone by then is read anew where the switch says now. */
  async function under<Result>(
    work: (answers: Answers, compares: boolean, epoch: number) => Promise<Result>,
    attempts = 2,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      const { answers, compares, epoch } = cache.of(link)
      const leave = enter(epoch)
      try {
        return await work(answers, compares, epoch)
      } catch (error) {
        if (!(error instanceof Quarantined)) throw error
        await cache.reload()
        if (attempt === attempts || cache.of(link).epoch === epoch) throw error
      } finally {
        leave()
      }
    }
  }

  /** Counts a read under an epoch until it says that it has ended. */
  function enter(epoch: number): () => void {
    inFlight.set(epoch, (inFlight.get(epoch) ?? 0) + 1)
    return () => {
      const rest = (inFlight.get(epoch) ?? 1) - 1
      if (rest === 0) inFlight.delete(epoch)
      else inFlight.set(epoch, rest)
    }
  }

  /** What one side says to a comparison. It is in flight like any read, and ends with its epoch: the copy may go then. */
  async function sideOf(epoch: number, ask: () => Promise<Kept | null>): Promise<Side> {
    if (cache.of(link).epoch !== epoch) return 'failed'
    const leave = enter(epoch)
    try {
      return await ask()
    } catch {
      return 'failed'
    } finally {
      leave()
    }
  }

  const offer = (key: string, epoch: number, by: Answers, answer: Kept | null): void =>
    comparison.offer({ key, epoch, by, answer, atMs: clock.now() })

  const reader: LinkReader = {
    link,
    get: key =>
      under(async (answers, compares, epoch) => {
        options.read(answers)
        const kept = await (answers === 'http' ? owner.one(key) : copyOf(key))
        if (compares) offer(key, epoch, answers, kept)
        return kept
      }),
    list: (after, limit) =>
      under(async (answers, compares, epoch) => {
        options.read(answers)
        const rows = await (answers === 'http' ? owner.list(after, limit) : store.list(after, limit))
        if (compares) for (const kept of rows) offer(keyOf(definition, kept.row), epoch, answers, kept)
        return rows
      }),
    async known(tx, keys) {
      if (keys.length === 0) return new Map()
      const wanted = [...new Set(keys)]
      // A transaction that has failed cannot be read in again: whoever owns it begins anew, with the switch as it is then.
      return under(async (answers, compares, epoch) => {
        if (answers === 'http') return rowsOf(await readings.gathered(tx, link, wanted))
        const found = await store.find(wanted, tx)
        for (const [key, kept] of found) {
          options.read(answers)
          if (compares) offer(key, epoch, answers, kept)
        }
        return rowsOf(found)
      }, 1)
    },
    waitsFor: key => waitFor(link, key),
    answersFrom: () => cache.of(link).answers,
  }

  return {
    definition,
    store,
    reader,
    comparison,
    async gather(key) {
      const { answers } = cache.of(link)
      if (answers !== 'http') return false
      // Another instance may have fetched it just now.
      if (await readings.hasGathered(link, key)) return true
      const kept = await reader.get(key).catch((error: unknown) => {
        ownerAway = true
        throw error
      })
      if (kept === null) return false
      await readings.gather(link, key, kept)
      // The owner is back: what has waited for it need not wait out its patience.
      if (ownerAway) await readings.wakeAll(link)
      ownerAway = false
      return true
    },
    epoch: () => Math.min(cache.of(link).epoch, ...inFlight.keys()),
  }
}
