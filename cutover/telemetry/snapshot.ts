import type { Clock } from '../process/clock.ts'

/** How long figures are good: two scrapers, or a scraper and an operator, cost the database one look. */
export const keptMs = 4_000
/** A scraper waits ten seconds by default; a database that is away must not use them up. */
export const waitMs = 2_000

/**
 * Figures that several gauges share and that somebody else has to be asked for. Asked once at a time and at most every
 * `keepMs`; undefined when they could not be had within `waitMs`, and never figures from before.
 */
export function openSnapshot<Figures>(load: () => Promise<Figures>, clock: Clock, keepMs = keptMs): () => Promise<Figures | undefined> {
  let kept: { readonly at: number; readonly figures: Promise<Figures | undefined> } | undefined
  let loading: Promise<Figures | undefined> | undefined

  /** One that hangs is not asked again beside itself. */
  const ask = (): Promise<Figures | undefined> =>
    (loading ??= load()
      .catch(() => undefined)
      .finally(() => (loading = undefined)))

  async function inTime(): Promise<Figures | undefined> {
    const done = new AbortController()
    try {
      return await Promise.race([ask(), clock.sleep(waitMs, done.signal).then(() => undefined)])
    } finally {
      done.abort()
    }
  }

  return () => {
    const now = clock.now()
    if (kept === undefined || now - kept.at >= keepMs) kept = { at: now, figures: inTime() }
    return kept.figures
  }
}
