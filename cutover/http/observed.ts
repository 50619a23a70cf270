import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { readTrace } from '../process/trace.ts'
import { openHistogram } from '../telemetry/instruments.ts'
import { attributes, processMetrics } from '../telemetry/names.ts'
import { beginSpan, failSpan, type OpenSpan, within } from '../telemetry/tracing.ts'

type Observed = IncomingMessage & { cutoverSpan?: OpenSpan }

/** Begins the request's span: the trace that the caller is in goes on here, or a new one begins. Answers with its id. */
export function traceIdOf(request: IncomingMessage): string {
  const { traceparent, tracestate } = request.headers
  const open = beginSpan({
    name: request.method ?? 'HTTP',
    kind: 'server',
    attributes: () => ({ [attributes.method]: request.method ?? '' }),
    parent: readTrace(traceparent, tracestate) ?? null,
  })
  ;(request as Observed).cutoverSpan = open
  return open.trace.traceId
}

/** Does the work of a request inside its trace. */
export function handleIn<Result>(request: FastifyRequest, work: () => Result): Result {
  const open = (request.raw as Observed).cutoverSpan
  return open === undefined ? work() : within(open, work)
}

/** Measures every request, by operation and class of status, and ends its span. */
export function observeRequests(app: FastifyInstance, metrics: Registry | undefined): void {
  const requests = metrics === undefined ? undefined : openHistogram(metrics, processMetrics.requests)
  app.addHook('onResponse', async (request, reply) => {
    const path = operationOf(request)
    const { statusCode } = reply
    requests?.observe({ route: path, outcome: `${Math.floor(statusCode / 100)}xx` }, reply.elapsedTime / 1_000)
    const span = (request.raw as Observed).cutoverSpan?.span
    if (span === undefined) return
    span.updateName(path)
    span.setAttribute(attributes.route, path.slice(path.indexOf(' ') + 1))
    span.setAttribute(attributes.status, statusCode)
    if (statusCode >= 500) failSpan(span, String(statusCode))
    span.end()
  })
}

/** `GET /tasks/{id}`: as the route says it, never as it was called. What is no route has one name, whatever was asked. */
function operationOf(request: FastifyRequest): string {
  const { url } = request.routeOptions
  return url === undefined || request.is404 ? 'none' : `${request.method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`
}
