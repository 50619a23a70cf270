import type { ProcessState } from '../api/contract.ts'
import { signal } from '../process-identity.ts'
import { spawnChild, type Child } from './child.ts'
import { attemptsAtFirst, recoveredAfterMs, restartWaitMs, stateAfterEnd, wait, type Keeper } from './keeper.ts'
import { lastLines } from './log-file.ts'

/** What deployments decide of a process that starts. */
export interface Launch {
  /** The program. */
  readonly file: string
  readonly capabilities: readonly string[]
}

export interface InstanceOptions {
  readonly name: string
  readonly service: string
  readonly instance: number
  readonly logFile: string
  /** Asked at every start of a process. */
  readonly launch: () => Launch & { readonly environment: Readonly<Record<string, string>> }
  /** Told at every change of state or process, before anything else happens. */
  readonly onChange: () => void
  readonly report: (line: string) => void
  readonly readyTimeoutMs?: number
  readonly stopTimeoutMs?: number
}

/** An instance of a service, kept running. */
export interface Instance extends Keeper {
  /** What its present process was started with, or its last one; undefined before the first. */
  launched(): Launch | undefined
  /**
   * Replaces the process, in order: ends the one that runs, paused or not, and starts the next, which is no restart that
   * counts. Resolves when that has begun. A wait after a crash is cut short.
   */
  renew(): Promise<void>
}

/** Keeps one process running: starts it again when it ends, after a wait that grows. */
export function keepInstance(options: InstanceOptions): Instance {
  const { name, service, instance, logFile } = options
  const stopTimeoutMs = options.stopTimeoutMs ?? 10_000
  const stopping = new AbortController()
  let state: ProcessState = 'stopped'
  let child: Child | null = null
  let launched: Launch | undefined
  /** Resolved when the next process starts: as long as it is there, the end of a process is no crash. */
  let renewal: PromiseWithResolvers<void> | undefined
  let waiting = new AbortController()
  let url: string | null = null
  let restarts = 0
  let pauseTimer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  const become = (next: ProcessState): void => {
    state = next
    options.onChange()
  }

  /** One life: from spawning to its end. Answers how it ended and whether it had been ready long enough to count as well. */
  async function live(onReady: () => void): Promise<{ how: string; recovered: boolean }> {
    const { environment, ...launch } = options.launch()
    const own = spawnChild({ file: launch.file, environment, logFile, readyTimeoutMs: options.readyTimeoutMs ?? 60_000 })
    child = own
    launched = launch
    become('starting')
    renewed()
    let readyAtMs = Infinity
    try {
      url = await own.ready
      readyAtMs = Date.now()
      become('ready')
      onReady()
    } catch (error) {
      // One that never gets ready is ended; one that has ended is not harmed by it.
      await own.stop(0)
      await own.ended
      return { how: (error as Error).message, recovered: false }
    }
    const how = await own.ended
    return { how, recovered: Date.now() - readyAtMs >= recoveredAfterMs }
  }

  function renewed(): void {
    renewal?.resolve()
    renewal = undefined
  }

  async function keep(onReady: () => void, giveUp: (error: Error) => void): Promise<void> {
    let attempts = 0
    let everReady = false
    while (!stopping.signal.aborted) {
      const { how, recovered } = await live(() => {
        everReady = true
        onReady()
      })
      clearTimeout(pauseTimer)
      child = null
      url = null
      if (stopping.signal.aborted) break
      if (renewal !== undefined) {
        attempts = 0
        continue
      }
      attempts = recovered ? 1 : attempts + 1
      if (!everReady && attempts >= attemptsAtFirst) {
        become('failed')
        return giveUp(new Error(`${name} does not start: it ${how}. The end of ${logFile}:\n${await lastLines(logFile)}`))
      }
      restarts += 1
      become(stateAfterEnd(attempts))
      options.report(`${name} ${how}: starting it again`)
      waiting = new AbortController()
      await wait(restartWaitMs(attempts - 1), AbortSignal.any([stopping.signal, waiting.signal]))
      if (renewal !== undefined) attempts = 0
    }
    become('stopped')
    // Without effect on a start that has ended long ago.
    giveUp(new Error(`${name} was stopped before it was ready`))
  }

  return {
    name,
    service,
    logFile,
    snapshot: () => ({ name, pid: child?.pid ?? null, url, state, service, instance, restarts }),
    start: () =>
      new Promise((resolve, reject) => {
        running ??= keep(resolve, reject).catch(reject).finally(renewed)
      }),
    launched: () => launched,
    async renew() {
      // One that has not started yet, or has been stopped, has nothing to replace.
      if (running === undefined || state === 'stopped' || stopping.signal.aborted) return
      renewal ??= Promise.withResolvers<void>()
      const next = renewal.promise
      waiting.abort()
      clearTimeout(pauseTimer)
      if (child !== null) {
        become('restarting')
        await child.stop(stopTimeoutMs)
      }
      await next
    },
    async stop() {
      stopping.abort()
      clearTimeout(pauseTimer)
      await child?.stop(stopTimeoutMs)
      await running
    },
    abandon() {
      stopping.abort()
      if (child !== null) signal(child.pid, 'SIGKILL')
    },
    kill() {
      if (child === null) return false
      signal(child.pid, 'SIGKILL')
      return true
    },
    async pause(seconds) {
      if (child === null || (state !== 'ready' && state !== 'paused')) return false
      const { pid } = child
      signal(pid, 'SIGSTOP')
      become('paused')
      clearTimeout(pauseTimer)
      pauseTimer = setTimeout(() => void this.resume(), seconds * 1000)
      return true
    },
    async resume() {
      if (child === null || state !== 'paused') return false
      clearTimeout(pauseTimer)
      signal(child.pid, 'SIGCONT')
      become('ready')
      return true
    },
  }
}
