import type pg from 'pg'
import type { Log } from '../process/log.ts'
import type { Database } from './database.ts'

/**
 * Wakes loops of other instances sooner than their polling would. Only that: a ring may be lost and nothing is wrong,
 * because polling is the truth. Rung beside transactions, never inside one: a notification takes a lock that every
 * commit of the server then waits for.
 */
export interface Doorbell {
  /** Rings a channel; rings that come while one is on its way become one. */
  ring(channel: string): void
  /** Calls back at every ring. Returns the way to stop. */
  listen(channel: string, callback: () => void): () => void
  /** Resolves at the next ring, after `timeoutMs`, or when `signal` aborts. */
  wait(channel: string, timeoutMs: number, signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

const reconnectMs = 500

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
    connecting = (async () => {
      try {
        const fresh = await database.connect()
        fresh.on('notification', message => rung(message.channel))
        fresh.on('error', () => lost(fresh))
        fresh.on('end', () => lost(fresh))
        client = fresh
        for (const channel of callbacks.keys()) await fresh.query(`listen "${channel}"`)
      } catch (error) {
        log.debug({ err: error }, 'doorbell: not connected, polling goes on')
        later()
      } finally {
        connecting = undefined
      }
    })()
  }

  function lost(which: pg.Client): void {
    if (client !== which) return
    client = undefined
    later()
  }

  function later(): void {
    if (closed) return
    clearTimeout(retry)
    retry = setTimeout(connect, reconnectMs)
    retry.unref()
  }

  async function send(channel: string): Promise<void> {
    underway.set(channel, 'sent')
    await database.query('select pg_notify($1, $2)', [channel, '']).catch(error => log.debug({ err: error }, 'doorbell: a ring was lost'))
    const more = underway.get(channel) === 'again'
    underway.delete(channel)
    if (more && !closed) await send(channel)
  }

  const doorbell: Doorbell = {
    ring(channel) {
      if (closed) return
      if (underway.has(channel)) underway.set(channel, 'again')
      else void send(channel)
    },
    listen(channel, callback) {
      if (!/^[a-z_]{1,40}$/.test(channel)) throw new Error(`"${channel}" is not a channel: lower case letters and underscores`)
      const known = callbacks.get(channel)
      if (known !== undefined) known.add(callback)
      else {
        callbacks.set(channel, new Set([callback]))
        if (client === undefined) connect()
        else client.query(`listen "${channel}"`).catch(error => log.debug({ err: error }, 'doorbell: not listening yet'))
      }
      return () => void callbacks.get(channel)?.delete(callback)
    },
    wait: (channel, timeoutMs, signal) =>
      new Promise(resolve => {
        if (closed || signal?.aborted === true) return resolve()
        const done = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', done)
          stop()
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        signal?.addEventListener('abort', done, { once: true })
        const stop = doorbell.listen(channel, done)
      }),
    async close() {
      closed = true
      clearTimeout(retry)
      for (const channel of callbacks.keys()) rung(channel)
      await connecting
      await client?.end().catch(error => log.debug({ err: error }, 'doorbell: the connection was gone already'))
    },
  }
  return doorbell
}
