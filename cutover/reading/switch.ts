import { underTerm } from '../switch/switch.ts'
import type { SwitchStore } from '../switch/store.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { Answers, Reading, ReadingStore } from './store.ts'

/** The reading switches as this process last read them. A read of an old one is no harm as long as its source is there. */
export interface ReadingCache {
  of(link: string): Reading
  reload(): Promise<void>
}

export async function openReadingCache(store: ReadingStore): Promise<ReadingCache> {
  let all = await store.all()
  return {
    of(link) {
      const reading = all[link]
      if (reading === undefined) throw new Error(`${link} has no reading switch: the database was not installed for it`)
      return reading
    },
    async reload() {
      const read = await store.all()
      // Two reloads may finish out of order; an epoch never goes back.
      all = Object.fromEntries(
        Object.entries(read).map(([link, one]) => [link, one.epoch >= (all[link]?.epoch ?? 0) ? one : (all[link] ?? one)]),
      )
    },
  }
}

export interface ReadingOrder {
  readonly link: string
  readonly answers: Answers
  readonly compares: boolean
  readonly term: number
  /** Does everything, with all checks, and takes it back. */
  readonly dryRun?: boolean
}

/** Throws when the link must not be read like this now. Runs in the transaction of the change. */
export type ReadingPermit = (tx: Tx, order: ReadingOrder) => Promise<void>

/** Carries the result out of a transaction that shall leave nothing. */
class Rehearsed extends Error {
  override readonly name = 'Rehearsed'
  readonly reading: Reading
  constructor(reading: Reading) {
    super('this was a rehearsal')
    this.reading = reading
  }
}

/**
 * Turns a reading switch. When it resolves, the next reload of every instance reads anew; reads that began before may
 * still be in flight, and each instance tells of its own. Repeating it changes nothing.
 */
export async function turnReading(
  store: ReadingStore,
  switches: SwitchStore,
  order: ReadingOrder,
  permit: ReadingPermit,
): Promise<{ readonly reading: Reading; readonly changed: boolean }> {
  let changed = false
  try {
    const reading = await store.transaction(async tx => {
      const from = await store.lock(tx, order.link)
      if (from === undefined) throw new Problem('link_unknown', { detail: `this service reads nothing over ${order.link}` })
      await underTerm(switches, tx, order.term)
      changed = from.answers !== order.answers || from.compares !== order.compares
      const to = changed ? { answers: order.answers, compares: order.compares, epoch: from.epoch + 1 } : from
      if (changed) {
        await permit(tx, order)
        await store.move(tx, order.link, to)
      }
      if (order.dryRun === true) throw new Rehearsed(to)
      return to
    })
    return { reading, changed }
  } catch (error) {
    if (error instanceof Rehearsed) return { reading: error.reading, changed }
    throw error
  }
}
