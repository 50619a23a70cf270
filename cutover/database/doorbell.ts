import type pg from 'pg'
import type { Log } from '../process/log.ts'
import type { Database } from './database.ts'

/**
 * Wakes loops of other instances sooner than their polling would. Only that: a ring may be lost and nothing is wrong,
 * because polling is the truth. Rung beside transactions, never inside one: a notification takes a lock that every
 * commit of the server then waits for.
 */
export interface Doorbell {
  /** Rings a channel; rings that come while one is on its way become one. Never throws. */
  ring(channel: string): void
  /** Calls back at every ring, and once when listening begins or begins anew, because rings may have been missed. Returns the way to stop. */
  listen(channel: string, callback: () => void): () => void
  /** Resolves at the next ring, after `timeoutMs`, or when `signal` aborts. A ring just before the call is missed: see `attend`. */
  wait(channel: string, timeoutMs: number, signal?: AbortSignal): Promise<void>
  /** For a loop that looks and then waits: a ring that comes while it looks ends its next wait at once. */
  attend(channel: string, signal?: AbortSignal): Attention
  /** Ends every wait, and rings no more. */
  close(): Promise<void>
}

export interface Attention {
  /** Resolves at a ring since the last wait, after `timeoutMs`, or when the signal aborts. */
  wait(timeoutMs: number): Promise<void>
  end(): void
}

const reconnectMs = 500
const channelRule = /^[a-z_][a-z0-9_]{0,62}$/

export function openDoorbell(database: Database, log: Log): Doorbell {
  const callbacks = new Map<string, Set<() => void>>()
  const underway = new Map<string, 'sent' | 'again'>()
  let client: pg.Client | undefined
  let connecting: Promise<void> | undefined
  let closed = false
  let retry: NodeJS.Timeout | undefined

  const rung = (channel: string): void => {
    for (const callback of callbacks.get(channel) ?? []) callback()
  }

  function connect(): void {
    if (closed || connecting !== undefined) return
    connecting = open().finally(() => (connecting = undefined))
  }

  async function open(): Promise<void> {
    let fresh: pg.Client | undefined
    try {
      fresh = await database.connect()
      const own = fresh
      own.on('notification', message => rung(message.channel))
      own.on('error', error => lost(own, error))
      own.on('end', () => lost(own, undefined))
      client = own
      for (const channel of callbacks.keys()) await hear(own, channel)
    } catch (error) {
      client = undefined
      log.debug({ err: error }, 'doorbell: not connected, polling goes on')
      await fresh?.end().catch(failure => log.debug({ err: failure }, 'doorbell: the connection was gone already'))
      later()
    }
  }

  async function hear(from: pg.Client, channel: string): Promise<void> {
    await from.query(`listen "${channel}"`)
    rung(channel)
  }

  function lost(which: pg.Client, error: Error | undefined): void {
    if (client !== which) return
    client = undefined
    if (!closed) log.debug({ err: error }, 'doorbell: the connection was lost, polling goes on')
    later()
  }

  function later(): void {
    if (closed) return
    clearTimeout(retry)
    retry = setTimeout(connect, reconnectMs)
    retry.unref()
  }

  async function send(channel: string): Promise<void> {
    do {
      underway.set(channel, 'sent')
      await database.query('select pg_notify($1, $2)', [channel, '']).catch(error => log.debug({ err: error }, 'doorbell: a ring was lost'))
    } while (underway.get(channel) === 'again' && !closed)
    underway.delete(channel)
  }

  function listen(channel: string, callback: () => void): () => void {
    if (!channelRule.test(channel)) throw new Error(`"${channel}" is not a channel: at most 63 of a-z, 0-9 and _, a letter first`)
    const known = callbacks.get(channel)
    if (known !== undefined) known.add(callback)
    else {
      callbacks.set(channel, new Set([callback]))
      if (client === undefined) connect()
      else hear(client, channel).catch(error => log.debug({ err: error }, 'doorbell: not listening yet'))
    }
    return () => void callbacks.get(channel)?.delete(callback)
  }

  function attend(channel: string, signal?: AbortSignal): Attention {
    let rang = false
    let wake: (() => void) | undefined
    const alert = (): void => {
      rang = true
      wake?.()
    }
    const stop = listen(channel, alert)
    signal?.addEventListener('abort', alert, { once: true })
    return {
      wait: timeoutMs =>
        new Promise(resolve => {
          const done = (): void => {
            clearTimeout(timer)
            wake = undefined
            rang = false
            resolve()
          }
          const timer = setTimeout(done, timeoutMs)
          wake = done
          if (rang || closed || signal?.aborted === true) done()
        }),
      end() {
        signal?.removeEventListener('abort', alert)
        stop()
      },
    }
  }

  return {
    ring(channel) {
      if (closed) return
      if (underway.has(channel)) underway.set(channel, 'again')
      else void send(channel)
    },
    listen,
    attend,
    async wait(channel, timeoutMs, signal) {
      const attention = attend(channel, signal)
      try {
        await attention.wait(timeoutMs)
      } finally {
        attention.end()
      }
    },
    async close() {
      closed = true
      clearTimeout(retry)
      for (const channel of callbacks.keys()) rung(channel)
      await connecting
      await client?.end().catch(error => log.debug({ err: error }, 'doorbell: the connection was gone already'))
    },
  }
}
