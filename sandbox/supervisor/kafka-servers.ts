import type { ProcessState } from '../api/contract.ts'
import { exitCodes, StartRefused } from '../home.ts'
import { logFileOf } from '../kafka/broker-process.ts'
import { type Kafka, nodesOn, startKafka } from '../kafka/cluster.ts'
import { KafkaUnavailable } from '../kafka/jars.ts'
import { signal } from '../process-identity.ts'
import { attemptsAtFirst, type Keeper, recoveredAfterMs, restartWaitMs, stateAfterEnd, wait } from './keeper.ts'

export interface KafkaServersOptions {
  readonly directory: string
  readonly ports: readonly number[]
  readonly onChange: () => void
  readonly report: (line: string) => void
}

/** The brokers of a cluster, each kept running by itself. Their addresses stay the same over every restart. */
export interface KafkaServers {
  readonly keepers: readonly Keeper[]
  /** Starts all of them; resolves when each knows all. */
  start(): Promise<void>
  stop(): Promise<void>
}

export function keepKafkaServers(options: KafkaServersOptions): KafkaServers {
  const stopping = new AbortController()
  const nodes = nodesOn(options.directory, options.ports)
  let cluster: Kafka | undefined
  const brokers = nodes.map(node => keepBroker(node.id))

  function keepBroker(id: number): Keeper & { become(state: ProcessState): void; lost(): void } {
    const name = `kafka-${id}`
    let state: ProcessState = 'stopped'
    let restarts = 0
    let attempts = 0
    let readyAtMs = 0
    let pauseTimer: NodeJS.Timeout | undefined
    const pid = (): number | null => cluster?.pid(id) ?? null

    function become(next: ProcessState): void {
      state = next
      if (next === 'ready') readyAtMs = Date.now()
      options.onChange()
    }

    /** Until it runs again, or we are stopped. */
    async function restart(): Promise<void> {
      while (!stopping.signal.aborted) {
        attempts = Date.now() - readyAtMs >= recoveredAfterMs && state !== 'restarting' ? 1 : attempts + 1
        restarts += 1
        become(stateAfterEnd(attempts))
        options.report(`${name} has ended: starting it again`)
        await wait(restartWaitMs(attempts - 1), stopping.signal)
        if (stopping.signal.aborted) break
        try {
          await cluster?.start(id)
          become('ready')
          return
        } catch (error) {
          options.report((error as Error).message)
        }
      }
    }

    return {
      name,
      service: 'kafka',
      logFile: logFileOf(nodes[id - 1] as (typeof nodes)[number]),
      become,
      lost() {
        clearTimeout(pauseTimer)
        if (!stopping.signal.aborted) void restart()
      },
      snapshot: () => ({
        name,
        pid: pid(),
        url: pid() === null ? null : `kafka://127.0.0.1:${options.ports[id - 1] ?? 0}`,
        state,
        service: 'kafka',
        instance: id,
        restarts,
      }),
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      abandon() {
        stopping.abort()
        kill('SIGKILL')
      },
      kill: () => kill('SIGKILL'),
      async pause(seconds) {
        if (state !== 'ready' && state !== 'paused') return false
        await cluster?.pause(id)
        become('paused')
        clearTimeout(pauseTimer)
        pauseTimer = setTimeout(() => void this.resume(), seconds * 1000)
        return true
      },
      async resume() {
        if (state !== 'paused') return false
        clearTimeout(pauseTimer)
        await cluster?.resume(id)
        become('ready')
        return true
      },
    }

    function kill(name: 'SIGKILL'): boolean {
      const own = pid()
      if (own !== null) signal(own, name)
      return own !== null
    }
  }

  async function launch(): Promise<Kafka> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await startKafka({ ...options, log: options.report, onLost: broker => brokers[broker - 1]?.lost() })
      } catch (error) {
        if (error instanceof KafkaUnavailable) throw new StartRefused(error.message, exitCodes.unavailable)
        if (attempt >= attemptsAtFirst || stopping.signal.aborted) throw error
        options.report((error as Error).message)
      }
    }
  }

  let started: Promise<void> | undefined
  return {
    keepers: brokers,
    start: () =>
      (started ??= (async () => {
        for (const one of brokers) one.become('starting')
        cluster = await launch()
        for (const one of brokers) one.become('ready')
      })()),
    async stop() {
      stopping.abort()
      await started?.catch(() => undefined)
      await cluster?.stop()
      for (const one of brokers) one.become('stopped')
    },
  }
}
