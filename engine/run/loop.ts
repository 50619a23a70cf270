import type { Clock } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { Running } from 'cutover/process'
import { type Lease, LeaseLost } from '../lease/lease.ts'
import { advance, type RunnerPorts } from './runner.ts'
import { RunMoved, type StoredRun } from './store.ts'

/** How often the acting engine looks for runs that an order has set going. */
const pollMs = 200
const troubleMs = 1_000

/** Takes all unfinished runs forward while this engine has the lease: each by itself, so that one that waits holds up no other. */
export function openRunLoop(ports: RunnerPorts, lease: Lease, clock: Clock, log: Log): Running {
  let stop = new AbortController()
  let loop: Promise<void> | undefined
  const driven = new Map<number, Promise<void>>()

  /** One run, move by move, until it rests. */
  async function drive(run: StoredRun, signal: AbortSignal): Promise<void> {
    let now: StoredRun | null = run
    while (now !== null && !signal.aborted) {
      const term = lease.term()
      if (term === null) return
      try {
        const restMs = await advance(ports, now, term)
        if (restMs === null) return
        await clock.sleep(restMs, signal)
      } catch (error) {
        if (error instanceof LeaseLost) return
        // The engine's own database is away, or an order came in between: look again.
        if (!(error instanceof RunMoved)) {
          log.warn({ err: error, run: now.number }, 'run: a move could not be written and is tried again')
          await clock.sleep(troubleMs, signal)
        }
      }
      now = await ports.runs.get(run.number).catch(() => now)
    }
  }

  async function keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const runs = lease.term() === null ? [] : await ports.runs.unfinished().catch(() => [])
      for (const run of runs) {
        if (driven.has(run.number)) continue
        driven.set(
          run.number,
          drive(run, signal).finally(() => driven.delete(run.number)),
        )
      }
      await clock.sleep(pollMs, signal)
    }
    await Promise.all(driven.values())
  }

  return {
    name: 'runs',
    async start() {
      if (loop !== undefined) return
      stop = new AbortController()
      loop = keep(stop.signal)
    },
    async stop() {
      stop.abort()
      await loop
      loop = undefined
    },
  }
}
