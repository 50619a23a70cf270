import type { ProcessState, SandboxProcess } from '../api/contract.ts'

/** Something that the supervisor keeps running: an instance of a service, or PostgreSQL. */
export interface Keeper {
  readonly name: string
  readonly service: string
  readonly logFile: string
  snapshot(): SandboxProcess
  /** Starts it and keeps it. Resolves when it is up for the first time; rejects when that fails for good. */
  start(): Promise<void>
  /** Stops it and keeps it no longer. May be called twice. */
  stop(): Promise<void>
  /** Ends it at once, for good. */
  abandon(): void
  /** The faults. False when it is in no state to suffer them. */
  kill(): boolean
  pause(seconds: number): Promise<boolean>
  resume(): Promise<boolean>
}

/** The waits between attempts: short after a single crash, and never a busy loop. */
export const restartWaits = { firstMs: 100, maxMs: 10_000 } as const
/** How many attempts in a row may fail before the state says `failed`. It is tried on all the same. */
export const attemptsBeforeFailed = 8
/** How many attempts the first start gets before it is given up. */
export const attemptsAtFirst = 3
/** Who has run so long has recovered, and starts again with the short wait. */
export const recoveredAfterMs = 10_000

/** Exponential, with the upper half left to chance so that many do not start again in step. */
export const restartWaitMs = (attempt: number): number =>
  Math.min(restartWaits.maxMs, restartWaits.firstMs * 2 ** Math.min(attempt, 20)) * (0.5 + Math.random() / 2)

/** Which state follows the end of a process. */
export const stateAfterEnd = (attempts: number): ProcessState => (attempts >= attemptsBeforeFailed ? 'failed' : 'restarting')

/** A wait that can be cut short. */
export function wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, timeoutMs)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
