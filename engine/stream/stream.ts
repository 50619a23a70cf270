import { Readable } from 'node:stream'
import type { Clock } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { Running } from 'cutover/process'
import type { LinkRow } from '../api/contract.ts'
import type { RunView } from '../api/plan.ts'

const runsEveryMs = 250
const linksEveryMs = 1_000
/** By which a reader tells that nothing happens from a connection that is dead. Comments would do for proxies only. */
const beatEveryMs = 2_000
const watchersMax = 200

export interface StreamSources {
  readonly links: () => Promise<readonly LinkRow[]>
  readonly runs: () => Promise<readonly RunView[]>
  /** Differs whenever a run has changed. */
  readonly version: () => Promise<number>
}

/** What happens, for whoever watches: server-sent events, each with the whole state, so that none needs the one before it. */
export interface Stream extends Running {
  /** The events from now on, the present state first. Null when too many watch already. */
  watch(signal: AbortSignal): Readable | null
}

/** The sources are asked once for all watchers, and not at all while nobody watches. */
export function openStream(sources: StreamSources, clock: Clock, log: Log): Stream {
  const watchers = new Set<Readable>()
  const latest = new Map<string, string>()
  let count = 0
  let stop = new AbortController()
  let loop: Promise<void> | undefined

  const send = (text: string): void => {
    // One that does not read is let go: it comes back by itself and gets the whole state.
    for (const watcher of watchers) if (!watcher.push(text) && watcher.readableLength > 1_048_576) watcher.destroy()
  }

  function tell(event: string, data: unknown): void {
    const json = JSON.stringify(data)
    if (latest.get(event)?.endsWith(`data: ${json}\n\n`) === true) return
    const text = `id: ${++count}\nevent: ${event}\ndata: ${json}\n\n`
    latest.set(event, text)
    send(text)
  }

  async function keep(signal: AbortSignal): Promise<void> {
    let version = -1
    let linksAt = 0
    let beatAt = 0
    while (!signal.aborted) {
      if (watchers.size > 0) {
        try {
          const now = await sources.version()
          if (now !== version || !latest.has('runs')) tell('runs', await sources.runs())
          version = now
          if (clock.now() >= linksAt) {
            linksAt = clock.now() + linksEveryMs
            tell('links', await sources.links())
          }
        } catch (error) {
          log.debug({ err: error }, 'stream: looked at again soon')
        }
        if (clock.now() >= beatAt) {
          beatAt = clock.now() + beatEveryMs
          send(`event: beat\ndata: ${JSON.stringify({ at: new Date(clock.now()).toISOString() })}\n\n`)
        }
      } else latest.clear()
      await clock.sleep(runsEveryMs, signal)
    }
  }

  return {
    name: 'stream',
    watch(signal) {
      if (watchers.size >= watchersMax || stop.signal.aborted) return null
      const watcher = new Readable({ read: () => undefined })
      watcher.push(`retry: 1000\n\n${[...latest.values()].join('')}`)
      watchers.add(watcher)
      const leave = (): void => {
        watchers.delete(watcher)
        watcher.destroy()
      }
      watcher.once('close', () => watchers.delete(watcher))
      signal.addEventListener('abort', leave, { once: true })
      return watcher
    },
    async start() {
      if (loop !== undefined) return
      stop = new AbortController()
      loop = keep(stop.signal)
    },
    async stop() {
      stop.abort()
      // Ended, not broken off: the server is waiting for its answers to end.
      for (const watcher of watchers) watcher.push(null)
      watchers.clear()
      await loop
      loop = undefined
    },
  }
}
