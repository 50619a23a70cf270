import { isTransient, type Tx } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { ColumnChange, Parts } from '../contract/columns.ts'
import type { BothForms, ColumnStore, Compared } from './store.ts'

/** Rows that are filled in one transaction, and so are locked together: for milliseconds. */
const pageRows = 200
const pollMs = 500
const restMsMin = 20
const restMsMax = 5_000
/** A live request that takes this much longer than before the filling makes it rest longer. */
const slowerMax = 1.5
const keysMax = 20

/**
 * Fills new columns from the old one, page by page, each in one transaction with the cursor: killed anywhere, it goes on
 * there. It works at half speed at the most, and makes room as soon as live requests take longer than before it began.
 */
export async function runFilling(
  options: {
    readonly changes: readonly ColumnChange[]
    readonly store: ColumnStore
    readonly clock: Clock
    readonly log: Log
    /** How long live requests take now, in milliseconds; 0 while there are none. */
    readonly latency: () => number
  },
  signal: AbortSignal,
): Promise<void> {
  const { changes, store, clock, log, latency } = options
  let usualMs = 0
  let restMs = restMsMin
  while (!signal.aborted) {
    try {
      let worked = false
      for (const change of changes) {
        const beganMs = clock.now()
        if (!(await fillPage(store, change))) continue
        worked = true
        const slower = usualMs > 0 && latency() > usualMs * slowerMax
        restMs = Math.min(restMsMax, slower ? restMs * 2 : Math.max(restMsMin, restMs / 2))
        await clock.sleep(Math.max(restMs, clock.now() - beganMs), signal)
      }
      if (worked) continue
      usualMs = latency()
      await clock.sleep(pollMs, signal)
    } catch (error) {
      if (!isTransient(error)) log.warn({ err: error }, 'columns: a page could not be filled and is tried again')
      await clock.sleep(2 * pollMs, signal)
    }
  }
}

/** One page in one transaction; false when there was nothing to do here. */
export const fillPage = (store: ColumnStore, change: ColumnChange): Promise<boolean> =>
  store.transaction(async tx => {
    const job = await store.take(tx, change)
    if (job === undefined) return false
    const rows = await store.page(tx, change, job.cursor, pageRows)
    const filled = await (job.direction === 'back' ? back(store, tx, change, rows) : forward(store, tx, change, rows))
    await store.passed(tx, change, { cursor: rows.at(-1)?.key ?? null, filled, over: rows.length < pageRows })
    return true
  })

function forward(store: ColumnStore, tx: Tx, change: ColumnChange, rows: readonly BothForms[]): Promise<number> {
  const added = [change.required, ...change.optional]
  const empty = rows.flatMap(({ key, old, parts }) => (old === null || parts[change.required] != null ? [] : [{ key, old }]))
  return store.fill(
    tx,
    change,
    empty.map(({ key, old }) => {
      const split = change.lens.up(old)
      return { key, parts: added.map(column => split[column] ?? null) }
    }),
  )
}

const back = (store: ColumnStore, tx: Tx, change: ColumnChange, rows: readonly BothForms[]): Promise<number> =>
  store.fillBack(
    tx,
    change,
    rows.flatMap(({ key, parts }) => (parts[change.required] == null ? [] : [{ key, old: change.lens.down(given(parts)) }])),
  )

const given = (parts: BothForms['parts']): Parts =>
  Object.fromEntries(Object.entries(parts).flatMap(([column, value]) => (value === null ? [] : [[column, value]])))

/** Compares both forms of every row, by the lens: what the new columns say is what the old one said, to the byte. */
export async function compareColumns(store: ColumnStore, change: ColumnChange): Promise<Compared> {
  const different: string[] = []
  let rows = 0
  for (let after: string | null = null; ;) {
    const page = await store.both(change, after, 1_000)
    for (const { key, old, parts } of page) {
      if (parts[change.required] == null || change.lens.down(given(parts)) !== old) different.push(key)
    }
    rows += page.length
    const last = page.at(-1)
    if (last === undefined) return { rows, different: different.length, keys: different.slice(0, keysMax) }
    after = last.key
  }
}
