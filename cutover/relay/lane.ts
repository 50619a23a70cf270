import { fullJitter } from '../failure/backoff.ts'
import type { Clock, Random } from '../process/clock.ts'
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
  /** Since when it has been failing, in milliseconds since 1970; null while it is not. */
  readonly sinceMs: number | null
  /** After an outage: it is still among the facts that were stated before its end, and delivers them at a bounded rate. */
  readonly catchingUp: boolean
}

const retryDelay = { firstMs: 200, maxMs: 3_000 }

/**
 * The share of the time that a lane works while it delivers the backlog of an outage; the rest belongs to live traffic,
 * which meets the same databases and the same receiver. The backlog is what was stated before the lane worked again, so it
 * comes to an end; what is stated later is delivered at full speed, as ever.
 */
const backlogShare = 0.5

/**
 * Holds a lane whenever it can and works on it until `signal` aborts. Errors are shown, backed off from (exponentially, with
 * full jitter), and never end it.
 */
export async function runLane(
  work: LaneWork,
  ports: {
    store: RelayStore
    /** Who holds the lanes: the name of this instance. */
    holder: string
    clock: Clock
    random: Random
    log: Log
    rest: (ms: number, signal: AbortSignal) => Promise<void>
    show: (status: LaneStatus) => void
  },
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log, random } = ports
  let failures = 0
  let sinceMs: number | null = null
  /** The end of the backlog of an outage, while the lane is in it. */
  let backlog: bigint | null = null
  const show = (holder: boolean, position: bigint, error: string | null): void =>
    ports.show({ lane: work.lane, holder, position: position.toString(), error, sinceMs, catchingUp: backlog !== null })
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
        const beganMs = clock.now()
        const done = await pass(signal)
        position = done.position
        if (!(await store.advance(work.lane, term, position))) break
        if (failures > 0) backlog = await store.drawn()
        failures = 0
        sinceMs = null
        if (backlog !== null && position >= backlog) backlog = null
        show(true, position, null)
        // Not until rung: live traffic rings all the time.
        if (backlog !== null) await clock.sleep(Math.min((clock.now() - beganMs) * (1 / backlogShare - 1), leaseMs / 4), signal)
        if (done.restMs > 0) await ports.rest(Math.min(done.restMs, leaseMs / 4), signal)
      }
    } catch (error) {
      failures++
      sinceMs ??= clock.now()
      const reason = error instanceof Error ? error.message : String(error)
      show(false, position, reason)
      // The first failure is told; an outage of hours does not fill the log.
      if (failures === 1) log.warn({ lane: work.lane, err: error }, 'relay: the lane rests after an error and tries again')
      await clock.sleep(fullJitter(failures - 1, retryDelay, random), signal)
    }
    if (term !== undefined && (signal.aborted || failures > 0)) {
      await store.release(work.lane, term).catch(error => log.debug({ lane: work.lane, err: error }, 'relay: the lease runs out by itself'))
    }
  }
}
