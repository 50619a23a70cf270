import type { Tx } from '../database/database.ts'
import type { OutboxStore, Range } from './store.ts'

export interface PartitionOptions {
  /** Rows per partition: the unit in which the outbox is thrown away. */
  readonly rows: number
  /** Partitions that exist beyond the newest position, so that an append never meets a missing one. */
  readonly ahead: number
  /** Nothing younger is dropped, whatever its state: operators look at it, and a log that lost data is refilled from it. */
  readonly keepMinutes: number
}

export const defaultPartitions: PartitionOptions = { rows: 100_000, ahead: 8, keepMinutes: 60 }

/** Makes the partitions that will be needed. Does not stop appends; several instances may call it at once. */
export async function ensurePartitions(store: OutboxStore, options: PartitionOptions): Promise<void> {
  await store.maintain(async tx => {
    const last = await store.drawn(tx)
    const newest = (await store.partitions(tx)).at(-1)
    let from = newest === undefined ? Math.floor(last / options.rows) * options.rows : newest.to
    for (; from <= last + options.ahead * options.rows; from += options.rows)
      await store.addPartition(tx, { from, to: from + options.rows })
  }, 'wait')
}

/**
 * Drops the partitions of which every fact is terminal or carried over: every lane that reads the outbox has passed
 * them (a `sweep:` lane passes only such facts), no delivery waits for a retry with bytes that are only there, and they
 * are old enough. Resolves with what was dropped; a busy table is left for the next call.
 */
export async function dropTerminalPartitions(
  store: OutboxStore,
  lanes: readonly string[],
  options: PartitionOptions,
): Promise<readonly Range[]> {
  const dropped = await store.maintain(tx => dropIn(store, tx, lanes, options), 'leave')
  return dropped === 'busy' ? [] : dropped.done
}

async function dropIn(store: OutboxStore, tx: Tx, lanes: readonly string[], options: PartitionOptions): Promise<readonly Range[]> {
  const through = await store.passedBy(tx, lanes)
  // A lane that has never run has read nothing.
  if (through === undefined) return []
  const dropped: Range[] = []
  for (const range of await store.partitions(tx)) {
    if (range.to - 1 > through || (await store.inUse(tx, range, options.keepMinutes))) break
    await store.dropPartition(tx, range)
    dropped.push(range)
  }
  return dropped
}
