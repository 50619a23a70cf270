import type { Clock } from '../process/clock.ts'

/** What a handler may take for the messages of one transaction. A statement may take as long, so a slow database is cut as well. */
export const handlerMs = 30_000

/** The handler has not come to its end in time. Whatever it did is undone, and what it still does has no effect. */
export class HandlerHung extends Error {
  override readonly name = 'HandlerHung'
}

/** Resolves as the work does; rejects with `HandlerHung` when that takes longer than `handlerMs`. */
export async function withinLimit<Result>(clock: Clock, link: string, work: Promise<Result>): Promise<Result> {
  const done = new AbortController()
  const late = clock.sleep(handlerMs, done.signal).then(() => {
    if (!done.signal.aborted) throw new HandlerHung(`${link}: the handler did not end within ${handlerMs / 1_000} seconds`)
    return work
  })
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
    // Whichever of the two comes second is nobody's concern.
    late.catch(() => undefined)
    work.catch(() => undefined)
  }
}
