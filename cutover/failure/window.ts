/**
 * How many calls may be under way at once: more by one for every windowful that went well, half after one that did not
 * (additive increase, multiplicative decrease). So a receiver that has just come back is tried with one call, and then
 * with as many as it bears.
 */
export interface Window {
  size(): number
  succeeded(): void
  failed(): void
}

/** Opens it with one call. */
export function openWindow(max: number): Window {
  let size = 1
  return {
    size: () => Math.floor(size),
    succeeded: () => void (size = Math.min(max, size + 1 / Math.floor(size))),
    failed: () => void (size = Math.max(1, size / 2)),
  }
}
