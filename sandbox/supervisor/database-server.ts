import type { ProcessState } from '../api/contract.ts'
import { startPostgres, type Postgres } from '../postgres/server.ts'
import { signal, signalFamily } from '../process-identity.ts'
import { recoveredAfterMs, restartWaitMs, stateAfterEnd, wait, type Keeper } from './keeper.ts'

export interface DatabaseServerOptions {
  readonly directory: string
  readonly port: number
  readonly onChange: () => void
  readonly report: (line: string) => void
}

/** PostgreSQL, kept running. Its addresses stay the same over every restart. */
export interface DatabaseServer extends Keeper {
  /** Available once it has started. */
  readonly server: () => Postgres
}

export function keepDatabaseServer(options: DatabaseServerOptions): DatabaseServer {
  const name = 'postgres'
  const stopping = new AbortController()
  let state: ProcessState = 'stopped'
  let server: Postgres | null = null
  let alive = false
  let restarts = 0
  let pauseTimer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  const become = (next: ProcessState): void => {
    state = next
    options.onChange()
  }

  async function launch(): Promise<Postgres> {
    become('starting')
    server = await startPostgres({ directory: options.directory, port: options.port, log: options.report })
    alive = true
    become('ready')
    return server
  }

  /** Waits for the end of the server, and starts it again, until we are stopped. */
  async function keep(first: Postgres): Promise<void> {
    let current: Postgres | null = first
    let attempts = 0
    while (!stopping.signal.aborted) {
      const sinceMs = Date.now()
      await current?.ended
      alive = false
      clearTimeout(pauseTimer)
      if (stopping.signal.aborted) break
      attempts = Date.now() - sinceMs >= recoveredAfterMs ? 1 : attempts + 1
      restarts += 1
      become(stateAfterEnd(attempts))
      options.report('PostgreSQL has ended: starting it again')
      await wait(restartWaitMs(attempts - 1), stopping.signal)
      if (stopping.signal.aborted) break
      current = await launch().catch((error: Error) => {
        options.report(error.message)
        return null
      })
    }
    // It may have come up again while we were being stopped.
    await server?.stop()
    alive = false
    become('stopped')
  }

  const pid = (): number | null => (alive ? (server?.pid ?? null) : null)

  return {
    name,
    service: name,
    get logFile() {
      return server?.logFile ?? ''
    },
    server() {
      if (server === null) throw new Error('PostgreSQL has not been started yet')
      return server
    },
    snapshot: () => ({
      name,
      pid: pid(),
      url: alive ? `postgres://127.0.0.1:${options.port}` : null,
      state,
      service: name,
      instance: 1,
      restarts,
    }),
    async start() {
      const first = await launch()
      running = keep(first)
    },
    async stop() {
      stopping.abort()
      clearTimeout(pauseTimer)
      if (alive) await server?.stop()
      await running
    },
    abandon() {
      stopping.abort()
      const own = pid()
      if (own !== null) signal(own, 'SIGQUIT')
    },
    kill() {
      const own = pid()
      if (own !== null) signal(own, 'SIGKILL')
      return own !== null
    },
    async pause(seconds) {
      const own = pid()
      if (own === null || (state !== 'ready' && state !== 'paused')) return false
      await signalFamily(own, 'SIGSTOP')
      become('paused')
      clearTimeout(pauseTimer)
      pauseTimer = setTimeout(() => void this.resume(), seconds * 1000)
      return true
    },
    async resume() {
      const own = pid()
      if (own === null || state !== 'paused') return false
      clearTimeout(pauseTimer)
      await signalFamily(own, 'SIGCONT')
      become('ready')
      return true
    },
  }
}
