import { isTransient } from '../database/database.ts'
import type { Sender } from '../outbox/sender.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { SourceDefinition } from './source.ts'
import type { SnapshotStore } from './store.ts'

/** Rows that are stated in one transaction, and so are locked together: for milliseconds. */
const pageRows = 100
const pollMs = 500
/** Live facts go first: while more rows than this wait to be published, the next page waits. */
const backlogMax = 2_000
const restMsMin = 20

/**
 * Tells what was there before a link was produced: each row as the event that it would have been, over that link alone,
 * through the outbox and the same consumer code. It works at half speed at the most, and rests while live facts queue.
 */
export async function runSnapshots(
  options: {
    readonly sources: readonly SourceDefinition[]
    readonly sender: Sender
    readonly store: SnapshotStore
    readonly clock: Clock
    readonly log: Log
  },
  signal: AbortSignal,
): Promise<void> {
  const { sources, store, clock, log } = options
  while (!signal.aborted) {
    try {
      const links = await store.unfinished()
      let worked = false
      for (const link of links) {
        const source = sources.find(one => one.links[link] !== undefined)
        if (source === undefined || (await store.backlog()) > backlogMax) continue
        const beganMs = clock.now()
        worked = (await tellPage(options, source, link)) || worked
        await clock.sleep(Math.max(restMsMin, clock.now() - beganMs), signal)
      }
      if (!worked) await clock.sleep(pollMs, signal)
    } catch (error) {
      if (!isTransient(error)) log.warn({ err: error }, 'snapshot: a page could not be told and is tried again')
      await clock.sleep(2 * pollMs, signal)
    }
  }
}

/** One page in one transaction with the cursor; false when there was nothing to do here. */
function tellPage(
  { sender, store }: { readonly sender: Sender; readonly store: SnapshotStore },
  source: SourceDefinition,
  link: string,
): Promise<boolean> {
  return sender.transaction(async (tx, record) => {
    const job = await store.take(tx, link)
    if (job === undefined) return false
    if (job.state === 'told') {
      await store.finish(tx, link)
      return true
    }
    const rows = await store.page(tx, source, job.cursor, pageRows)
    for (const { payload, revision, removed } of rows) {
      record(source.event, (source.told?.(payload) ?? payload) as never, {
        only: link,
        removed,
        ...(revision === null ? {} : { revision }),
      })
    }
    await store.told(tx, link, rows.at(-1)?.cursor ?? null, rows.length, rows.length < pageRows)
    return true
  })
}
