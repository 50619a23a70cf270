import type { Running } from '../process/process.ts'

/** Endless loops as one thing that starts and stops: stopping aborts them all and waits until each has come to its end. */
export function loops(name: string, all: readonly ((signal: AbortSignal) => Promise<void>)[]): Running {
  let stop = new AbortController()
  let running: Promise<unknown> | undefined
  return {
    name,
    async start() {
      if (running !== undefined) return
      stop = new AbortController()
      running = Promise.all(all.map(loop => loop(stop.signal)))
      running.catch(() => undefined)
    },
    async stop() {
      stop.abort()
      await running
      running = undefined
    },
  }
}
