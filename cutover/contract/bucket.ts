/**
 * The bucket of a key, 0 to `buckets - 1`, by FNV-1a. The same key always has the same one, in every process and build:
 * the partitions of topics and the shares of routes are given out by it, so it never changes.
 */
export function bucketOf(key: string, buckets: number): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(key)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash % buckets
}
