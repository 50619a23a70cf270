import { Problem } from '../failure/problem.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { BacklogStore, Carrier } from './store.ts'

/** `warning` from 80 % of the bound on; `full` at it, and until it is down to 90 % again. */
export type Level = 'normal' | 'warning' | 'full'

/** How much a service has promised to deliver and has not delivered yet. */
export interface OutboxLoad {
  /** Facts beyond the slowest lane, and deliveries that wait for their next try. */
  readonly depth: number
  readonly bound: number
  /** How full the disk under the database is, from 0 to 1; null when nobody looks. */
  readonly disk: number | null
  readonly level: Level
  /** Transactions that were refused since the process started. */
  readonly refused: number
}

export interface Capacity {
  /**
   * Throws the problem `capacity` when there is no room for more facts: asked before a transaction begins, so that nothing
   * of it is done, and nothing that was accepted is ever dropped to make room. It costs a comparison.
   *
   * How exact the bound is: the depth is measured twice a second, and what this instance commits in between is added at
   * once. So the bound can be passed by what transactions that are under way state, and by what other instances of the
   * service state in half a second; no more. Up to 80 % of the bound the depth is a difference of positions, which
   * counts facts of other lanes and positions of transactions that rolled back as well: it is too high, never too low.
   * Beyond, the facts are counted.
   */
  admit(): void
  /** This many facts were committed just now. */
  stated(facts: number): void
  load(): OutboxLoad
  /** Measures once; throws when the database is away. */
  measure(): Promise<void>
  /** Measures again and again until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

const measureMs = 500
/** Counting takes a twentieth of the time at the most, however many facts there are. */
const countShare = 20
const warningShare = 0.8
const againShare = 0.9
const diskFull = 0.95

/** The level that follows from what was measured. Pure: the level before it is an argument, because a full outbox stays full for a while. */
export function levelOf(before: Level, { depth, bound, disk }: Pick<OutboxLoad, 'depth' | 'bound' | 'disk'>): Level {
  if (depth >= bound || (disk ?? 0) >= diskFull) return 'full'
  if (before === 'full' && depth >= bound * againShare) return 'full'
  return depth >= bound * warningShare ? 'warning' : 'normal'
}

/** What was counted of a lane's own facts, and when it may be counted again. */
interface Counted {
  readonly facts: number
  readonly drawn: number
  readonly againAtMs: number
}

export function openCapacity(options: {
  readonly store: BacklogStore
  readonly carriers: readonly Carrier[]
  /** The most facts that may wait. */
  readonly bound: number
  /** Tells how full the disk under the database is, from 0 to 1; undefined when that cannot be seen from here. */
  readonly diskUsed?: (() => Promise<number>) | undefined
  readonly clock: Clock
  readonly log: Log
}): Capacity {
  const { store, carriers, bound, clock, log } = options
  const counted = new Map<string, Counted>()
  let depth = 0
  let disk: number | null = null
  let level: Level = 'normal'
  let refused = 0
  let statedSoFar = 0

  async function measure(): Promise<void> {
    const statedBefore = statedSoFar
    const extent = await store.extent(
      carriers.map(one => one.lane),
      bound,
    )
    let most = 0
    for (const carrier of carriers) most = Math.max(most, await behind(carrier, extent.drawn, extent.passed[carrier.lane] ?? 0))
    disk = (await options.diskUsed?.()) ?? null
    // What was committed meanwhile is in the measure, perhaps: counted twice for once rather than not at all.
    settle(most + extent.retries + statedSoFar - statedBefore)
  }

  async function behind(carrier: Carrier, drawn: number, passed: number): Promise<number> {
    const positions = drawn - passed
    if (positions < bound * warningShare) {
      counted.delete(carrier.lane)
      return positions
    }
    const last = counted.get(carrier.lane)
    // Until it is counted again, all that was drawn since is taken for its own.
    if (last !== undefined && clock.now() < last.againAtMs) return Math.min(positions, last.facts + drawn - last.drawn)
    const beganMs = clock.now()
    const facts = await store.count(carrier, passed, bound)
    counted.set(carrier.lane, { facts, drawn, againAtMs: clock.now() + countShare * (clock.now() - beganMs) })
    return facts
  }

  function settle(now: number): void {
    const before = level
    depth = now
    level = levelOf(before, { depth, bound, disk })
    if (level === before) return
    const told = { depth, bound, ...(disk === null ? {} : { diskPercent: Math.round(disk * 100) }) }
    if (level === 'full') log.warn(told, 'outbox: full; what would state a fact is refused with 503 until there is room')
    else if (level === 'warning' && before === 'normal') log.warn(told, 'outbox: four fifths of its bound wait to be delivered')
    else log.info(told, `outbox: ${level === 'normal' ? 'far from its bound again' : 'room again'}`)
  }

  return {
    measure,
    admit() {
      if (level !== 'full') return
      refused++
      const why =
        depth >= bound * againShare
          ? `${depth} facts wait to be delivered, and the bound (OUTBOX_MAX) is ${bound}`
          : `the disk under the database is ${Math.round((disk ?? 0) * 100)} % full`
      throw new Problem('capacity', { detail: `${why}; nothing was recorded. Try again later: see "cutover delivery"`, retryable: true })
    },
    stated(facts) {
      statedSoFar += facts
      settle(depth + facts)
    },
    load: () => ({ depth, bound, disk, level, refused }),
    async run(signal) {
      while (!signal.aborted) {
        await measure().catch(error => log.debug({ err: error }, 'outbox: its depth is measured again soon'))
        await clock.sleep(measureMs, signal)
      }
    },
  }
}
