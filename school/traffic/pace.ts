import type { Clock } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { Running } from 'cutover/process'
import type { SchoolLife } from './school-life.ts'

export interface TrafficState {
  readonly running: boolean
  /** Answers per second that are aimed at. */
  readonly rate: number
  readonly outcomes: number
  /** Acts that failed, whoever was to blame; they are tried again. */
  readonly errors: number
  readonly last_error: string | null
  /** Outcomes after which traffic rests by itself, so that a forgotten demo does not fill the disk. */
  readonly cap: number
  readonly state: 'opening' | 'running' | 'stopped' | 'capped'
}

export interface Traffic extends Running {
  state(): TrafficState
  set(change: { running?: boolean; rate?: number }): TrafficState
}

const tickMs = 50
const inFlightMax = 64
const registeringMax = 4
const reworkEveryMs = 1_000
/** People look as they come by; nobody catches up on looking. */
const looksMax = 20
const correctionsRateMax = 50

/** Keeps the school's life at a pace. What cannot be done in time is dropped, never queued up. */
export function openTraffic(life: SchoolLife, options: { rate: number; cap: number; clock: Clock; log: Log }): Traffic {
  const { clock, log } = options
  let rate = options.rate
  let running = rate > 0
  let opened = false
  let outcomes = 0
  let errors = 0
  let lastError: string | null = null
  let inFlight = 0
  let stop = new AbortController()
  let loop: Promise<void> | undefined

  const state = (): TrafficState => ({
    running: running && outcomes < options.cap,
    rate,
    outcomes,
    errors,
    last_error: lastError,
    cap: options.cap,
    state: outcomes >= options.cap ? 'capped' : !running ? 'stopped' : opened ? 'running' : 'opening',
  })

  async function attempt(act: () => Promise<unknown>): Promise<boolean> {
    inFlight++
    try {
      await act()
      return true
    } catch (error) {
      errors++
      lastError = error instanceof Error ? error.message : String(error)
      log.debug({ err: error }, 'traffic: an act failed and is tried again')
      return false
    } finally {
      inFlight--
    }
  }

  async function live(signal: AbortSignal): Promise<void> {
    let answers = 0
    let writes = 0
    let looks = 0
    let corrections = 0
    let reworkAt = 0
    let registering = 0
    let failuresInARow = 0
    let last = clock.now()
    const settle = (ok: boolean): void => void (failuresInARow = ok ? 0 : failuresInARow + 1)
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal)
      const now = clock.now()
      const seconds = Math.min(1, (now - last) / 1_000)
      last = now
      if (!state().running) continue
      if (!opened) {
        opened = await attempt(() => life.open())
        if (!opened) await clock.sleep(500, signal)
        continue
      }
      // After many failures in a row people try less often.
      const mood = failuresInARow > 20 ? 0.1 : 1
      answers = Math.min(answers + rate * seconds * mood, rate)
      writes += (rate / 50) * seconds * mood
      looks = Math.min(looks + (rate / 2) * seconds * mood, looksMax)
      corrections += (Math.min(rate, correctionsRateMax) / 50) * seconds * mood
      for (; answers >= 1 && registering < registeringMax && life.waiting < Math.max(20, 2 * rate);) {
        registering++
        void attempt(() => life.register()).finally(() => registering--)
      }
      for (; answers >= 1 && inFlight < inFlightMax; answers--) {
        void attempt(async () => {
          if (await life.answer()) outcomes++
        }).then(settle)
      }
      for (; writes >= 1 && inFlight < inFlightMax; writes--) void attempt(() => life.writeTask())
      for (; looks >= 1 && inFlight < inFlightMax; looks--) void attempt(() => life.look())
      for (; corrections >= 1 && inFlight < inFlightMax; corrections--) void attempt(() => life.correct())
      if (now >= reworkAt) {
        reworkAt = now + reworkEveryMs
        void attempt(() => life.rework())
      }
    }
  }

  return {
    name: 'traffic',
    async start() {
      if (loop !== undefined) return
      stop = new AbortController()
      loop = live(stop.signal)
    },
    async stop() {
      stop.abort()
      await loop
      loop = undefined
    },
    state,
    set(change) {
      if (change.rate !== undefined) rate = change.rate
      if (change.running !== undefined) running = change.running
      return state()
    },
  }
}
