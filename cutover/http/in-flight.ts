import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

// Lets whoever gets the last answer read it before the connection goes.
const sweepMs = 20

export interface InFlight {
  /**
   * Closes the server: no new connections from now on, and the promise resolves once every request that had begun is
   * answered, or after `graceMs`. Connections without a request, silent or half-way through one, do not hold it up.
   */
  drain(graceMs: number): Promise<void>
}

/** Watches which requests are being served: from their head to the end of their answer. */
export function watchInFlight(app: FastifyInstance): InFlight {
  const open = new Set<ServerResponse>()
  const none = Promise.withResolvers<void>()
  let draining = false
  const settle = (): void => {
    if (draining && open.size === 0) none.resolve()
  }
  app.addHook('onRequest', async (_request, reply) => {
    const response = reply.raw
    open.add(response)
    const over = (): void => {
      open.delete(response)
      settle()
    }
    response.once('finish', over)
    response.once('close', over)
  })
  return {
    async drain(graceMs) {
      draining = true
      const closed = app.close()
      const grace = setTimeout(none.resolve, graceMs)
      settle()
      await none.promise
      clearTimeout(grace)
      // Node counts a connection that has sent nothing yet as busy, and stops its own timeouts once it closes.
      const sweep = setInterval(() => app.server.closeAllConnections(), sweepMs)
      await closed
      clearInterval(sweep)
    },
  }
}
