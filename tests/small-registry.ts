// The registry of the systems in memory.
import type { Registry } from '../engine/plan/world.ts'

/** Keeps what is registered in a map of the caller's: `Event v1` to the run that entered it. */
export function registryOf(registered: Map<string, string | null>): Registry {
  const key = (event: string, version: number): string => `${event} v${version}`
  return {
    has: async (event, version) => (registered.has(key(event, version)) ? { run: registered.get(key(event, version)) ?? null } : null),
    add: async (event, version, run) => {
      if (!registered.has(key(event, version))) registered.set(key(event, version), run)
    },
    remove: async (event, version) => void registered.delete(key(event, version)),
  }
}
