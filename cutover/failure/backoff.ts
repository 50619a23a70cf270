import type { Random } from '../process/clock.ts'

/** Exponential backoff with full jitter, in milliseconds: any value from 0 to `firstMs * 2^attempt`, capped at `maxMs`. */
export const fullJitter = (attempt: number, options: { readonly firstMs: number; readonly maxMs: number }, random: Random): number =>
  random.next() * Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30))
