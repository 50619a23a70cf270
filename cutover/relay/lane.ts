import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import { type Lease, leaseMs, type RelayStore } from './store.ts'

/** What one pass over a lane answers: where it stands now, and how long to rest (until rung) before the next pass. */
export interface Pass {
  readonly position: bigint
  readonly restMs: number
}

export interface LaneWork {
  readonly lane: string
  /** Called with a fresh lease; the answer is called again and again while the lease holds. */
  begin(lease: Lease): (signal: AbortSignal) => Promise<Pass>
}

export interface LaneStatus {
  readonly lane: string
  readonly holder: boolean
  readonly position: string
  readonly error: string | null
}

/** Holds a lane whenever it can and works on it until `signal` aborts. Errors are shown, backed off from, and never end it. */
export async function runLane(
  work: LaneWork,
  ports: {
    store: RelayStore
    /** Who holds the lanes: the name of this instance. */
    holder: string
    clock: Clock
    log: Log
    rest: (ms: number, signal: AbortSignal) => Promise<void>
    show: (status: LaneStatus) => void
  },
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log } = ports
  const show = (holder: boolean, position: bigint, error: string | null): void =>
    ports.show({ lane: work.lane, holder, position: position.toString(), error })
  let failures = 0
  while (!signal.aborted) {
    let term: string | undefined
    let position = 0n
    try {
      const lease = await store.acquire(work.lane, ports.holder)
      if (lease === undefined) {
        show(false, 0n, null)
        await clock.sleep(leaseMs / 4, signal)
        continue
      }
      ;({ term, position } = lease)
      const pass = work.begin(lease)
      while (!signal.aborted) {
        const done = await pass(signal)
        position = done.position
        if (!(await store.advance(work.lane, term, position))) break
        failures = 0
        show(true, position, null)
        if (done.restMs > 0) await ports.rest(Math.min(done.restMs, leaseMs / 4), signal)
      }
    } catch (error) {
      failures++
      const reason = error instanceof Error ? error.message : String(error)
      show(false, position, reason)
      // The first failure is told; an outage of hours does not fill the log.
      if (failures === 1) log.warn({ lane: work.lane, err: error }, 'relay: the lane rests after an error and tries again')
      await clock.sleep(Math.min(100 * 2 ** Math.min(failures, 6), 3_000), signal)
    }
    if (term !== undefined && (signal.aborted || failures > 0)) {
      await store.release(work.lane, term).catch(error => log.debug({ lane: work.lane, err: error }, 'relay: the lease runs out by itself'))
    }
  }
}
