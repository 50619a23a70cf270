import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to another port that can be cut: then what is connected is reset, and nobody gets through. */
export interface Proxy {
  readonly port: number
  cut(): void
  mend(): void
  close(): Promise<void>
}

export async function openProxy(to: number): Promise<Proxy> {
  const open = new Set<Socket>()
  let whole = true
  const server = createServer(near => {
    if (!whole) return void near.resetAndDestroy()
    const far = connect(to, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.setNoDelay(true)
      // The other side's end is the news; what broke it is not.
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reset = (): void => {
    for (const socket of open) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      whole = false
      reset()
    },
    mend: () => void (whole = true),
    async close() {
      reset()
      server.close()
      await once(server, 'close')
    },
  }
}
