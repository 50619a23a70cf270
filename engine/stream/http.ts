import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import { everybody } from '../session/who.ts'
import type { Stream } from './stream.ts'

/** One stream per page: all links and runs, at every change. */
export const streamRoutes = (stream: Stream): RouteDefinition[] => [
  {
    method: 'GET',
    path: paths.stream,
    operationId: 'watch',
    summary: 'Server-sent events: links and runs as they change',
    policy: everybody,
    tags: ['stream'],
    async handle(request) {
      const events = stream.watch(request.signal)
      if (events === null) throw new Problem('capacity', { detail: 'too many watch already, or this engine is stopping', retryable: true })
      return {
        body: events,
        headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
      }
    },
  },
]
