import { useSyncExternalStore } from 'react'
import { type LinkRow, paths } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { findSession, linksQuery, queries, runsQuery } from '../operator/engine.ts'
import { getSession } from '../session/session.ts'

export interface Live {
  readonly connected: boolean
  /** When the engine was last heard of, by this browser's clock; null before the first time. */
  readonly heardAt: number | null
}

/** Silence after which a connection counts as dead: seven beats that did not come. */
const silenceMsMax = 15_000
/** Between attempts to connect: doubled each time, with chance, so that many consoles do not return at once. */
const retryMsMin = 500
const retryMsMax = 5_000

let live: Live = { connected: false, heardAt: null }
const listeners = new Set<() => void>()

function set(next: Live): void {
  live = next
  for (const listener of listeners) listener()
}

export const useLive = (): Live =>
  useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => live,
  )

/**
 * Keeps links and runs as the engine tells them, until stopped. The browser's own retry is not relied on: it gives up
 * for good when a proxy answers instead of the engine, and never notices a connection that died without a word.
 */
export function openStream(): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let waitMs = retryMsMin
  let stopped = false

  function connect(): void {
    source = new EventSource(paths.stream)
    source.addEventListener('links', event => hear(linksQuery.queryKey, event))
    source.addEventListener('runs', event => hear(runsQuery.queryKey, event))
    source.addEventListener('beat', () => heard())
    source.addEventListener('error', retry)
    watch()
  }

  function hear(key: typeof linksQuery.queryKey | typeof runsQuery.queryKey, event: MessageEvent<string>): void {
    // An answer that is still on its way is older than this.
    void queries.cancelQueries({ queryKey: key })
    queries.setQueryData<readonly LinkRow[] | readonly RunView[]>(key, JSON.parse(event.data) as readonly LinkRow[] | readonly RunView[])
    heard()
  }

  function heard(): void {
    waitMs = retryMsMin
    set({ connected: true, heardAt: Date.now() })
    watch()
  }

  function watch(): void {
    clearTimeout(timer)
    timer = setTimeout(retry, silenceMsMax)
  }

  function retry(): void {
    source?.close()
    clearTimeout(timer)
    if (stopped) return
    if (live.connected) set({ ...live, connected: false })
    timer = setTimeout(() => void again(), waitMs * (0.5 + Math.random() / 2))
    waitMs = Math.min(2 * waitMs, retryMsMax)
  }

  /** A stream does not say why it was refused, so the session is asked: signed out, or away. */
  async function again(): Promise<void> {
    await findSession()
    if (stopped) return
    if (getSession().state === 'in') connect()
    else retry()
  }

  connect()
  return () => {
    stopped = true
    clearTimeout(timer)
    source?.close()
    set({ connected: false, heardAt: null })
  }
}
