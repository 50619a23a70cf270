import type { FaultRequest } from '@cutover/sandbox/api'
import { pause, type System } from './system.ts'

/** A small generator of chance (mulberry32), so that a seed names a run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface ChaosReport {
  readonly flips: number
  readonly faults: Readonly<Record<string, number>>
}

const outcomesBetween = 60

/**
 * Changes the route of COMM-040 to and fro while instances are killed and paused. Between two changes some traffic
 * has to get through, whatever is dead at the time.
 */
export async function chaos(
  system: System,
  options: { flips: number; faults: readonly FaultRequest[]; chance: () => number; until?: () => Promise<boolean> },
): Promise<ChaosReport> {
  const counts: Record<string, number> = {}
  // Every fault comes once before any comes twice.
  let left: FaultRequest[] = []
  for (let flip = 1; flip <= options.flips; flip++) {
    await moreOutcomes(system, outcomesBetween)
    await system.move('COMM-040', flip % 2 === 1 ? 'event' : 'http')
    if (left.length === 0) left = [...options.faults]
    const [fault] = left.splice(Math.floor(options.chance() * left.length), 1)
    if (fault !== undefined && flip % 2 === 0) {
      await system.fault(fault)
      const name = `${fault.kind} ${fault.service}${fault.instance === undefined ? '' : `-${fault.instance}`}`
      counts[name] = (counts[name] ?? 0) + 1
    }
    if ((await options.until?.()) === true) return { flips: flip, faults: counts }
  }
  return { flips: options.flips, faults: counts }
}

async function moreOutcomes(system: System, count: number): Promise<void> {
  const before = await system.outcomes()
  while ((await system.outcomes()) < before + count) await pause()
}
