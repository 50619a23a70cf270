import type { Database } from '../database/database.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'

/** The right to work on a lane. `term` fences: a write-back under an older term changes nothing. */
export interface Lease {
  readonly term: string
  readonly position: bigint
}

/** Leases on relay lanes, kept in the service's own database and measured by its clock. */
export interface Lanes {
  acquire(lane: string): Promise<Lease | undefined>
  /** Moves the position, renews the lease; false when the lease is another's by now: stop at once. */
  advance(lane: string, term: string, position: bigint): Promise<boolean>
  release(lane: string, term: string): Promise<void>
}

export const leaseMs = 4_000

export const openLanes = (database: Database, holder: string): Lanes => ({
  async acquire(lane) {
    await database.query('insert into relay_lane (lane) values ($1) on conflict do nothing', [lane])
    const { rows } = await database.query<{ term: string; position: string }>(
      `update relay_lane set holder = $2, term = term + 1, until = clock_timestamp() + interval '${leaseMs} ms'
        where lane = $1 and (until < clock_timestamp() or holder = $2) returning term, position`,
      [lane, holder],
    )
    const row = rows[0]
    return row === undefined ? undefined : { term: row.term, position: BigInt(row.position) }
  },
  async advance(lane, term, position) {
    const { rowCount } = await database.query(
      `update relay_lane set position = greatest(position, $3), until = clock_timestamp() + interval '${leaseMs} ms'
        where lane = $1 and term = $2 and holder is not null`,
      [lane, term, position.toString()],
    )
    return rowCount === 1
  },
  async release(lane, term) {
    await database.query(`update relay_lane set holder = null, until = '-infinity' where lane = $1 and term = $2`, [lane, term])
  },
})

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
    lanes: Lanes
    clock: Clock
    log: Log
    rest: (ms: number, signal: AbortSignal) => Promise<void>
    show: (status: LaneStatus) => void
  },
  signal: AbortSignal,
): Promise<void> {
  const { lanes, clock, log } = ports
  const show = (holder: boolean, position: bigint, error: string | null): void =>
    ports.show({ lane: work.lane, holder, position: position.toString(), error })
  let failures = 0
  while (!signal.aborted) {
    let term: string | undefined
    let position = 0n
    try {
      const lease = await lanes.acquire(work.lane)
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
        if (!(await lanes.advance(work.lane, term, position))) break
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
      await lanes.release(work.lane, term).catch(error => log.debug({ lane: work.lane, err: error }, 'relay: the lease runs out by itself'))
    }
  }
}
