import type { Clock } from '../process/clock.ts'
import { openSnapshot, waitMs } from '../telemetry/snapshot.ts'
import type { Check } from './server.ts'

/** Probes come from several sides; each part is asked once a second. */
const keepMs = 1_000

/**
 * Asks parts how they stand, side by side; one that hangs is given up after two seconds. Faults are told by their code:
 * their texts may name machines and users, and whoever probes has shown no token.
 */
export function openChecks(
  parts: Readonly<Record<string, () => Promise<Check>>>,
  clock: Clock,
): () => Promise<Readonly<Record<string, Check>>> {
  const looks = Object.entries(parts).map(([name, look]) => {
    const seen = openSnapshot(() => look().catch(away), clock, keepMs)
    return async (): Promise<readonly [string, Check]> => [name, (await seen()) ?? `no answer within ${waitMs} ms`]
  })
  return async () => Object.fromEntries(await Promise.all(looks.map(look => look())))
}

/** `ok`, or what a list of things that are missing means. */
export const nothingOf = (missing: readonly string[], what: string): Check =>
  missing.length === 0 ? 'ok' : `${what}: ${missing.join(', ')}`

export function away(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? `away (${code})` : 'away'
}
