import type { Clock } from '../process/clock.ts'
import { type Meter, openMeter } from './meter.ts'

/** How fast lanes move, in positions per second over the last ten seconds. */
export interface Paces {
  /** Told where a lane stands; only its forward moves count. */
  at(lane: string, position: bigint): void
  rate(lane: string): number
}

export function openPaces(clock: Clock): Paces {
  const lanes = new Map<string, { readonly meter: Meter; position: bigint }>()
  return {
    at(lane, position) {
      const known = lanes.get(lane)
      // Where it stood before this process held it is no move.
      if (known === undefined) return void lanes.set(lane, { meter: openMeter(() => clock.now()), position })
      if (position > known.position) known.meter.add(Number(position - known.position))
      known.position = position
    },
    rate: lane => lanes.get(lane)?.meter.rate() ?? 0,
  }
}
