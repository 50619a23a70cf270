import { openApi } from './openapi.ts'
import type { HttpAnswer, RouteDefinition } from './route.ts'
import type { ServerOptions } from './server.ts'

/** What every server answers: whether it lives, whether it is ready, its metrics, and its own description. */
export function builtIn(options: ServerOptions, stopping: () => boolean): RouteDefinition[] {
  const document = openApi(options.service, options.routes)
  const get = (path: string, operationId: string, handle: () => Promise<HttpAnswer>): RouteDefinition => ({
    method: 'GET',
    path,
    operationId,
    summary: operationId,
    policy: 'public',
    // Probes and scrapers bring parameters of their own.
    query: { type: 'object', additionalProperties: true },
    handle,
  })
  const ready = async (): Promise<HttpAnswer> => {
    const checks = stopping() ? { process: 'stopping' } : await options.ready()
    return { status: Object.values(checks).every(check => check === 'ok') ? 200 : 503, body: { checks } }
  }
  return [
    get('/livez', 'live', async () => ({ body: { live: true } })),
    get('/healthz', 'health', async () => ({ body: { live: true } })),
    get('/readyz', 'ready', ready),
    get('/startupz', 'startup', ready),
    get('/openapi.json', 'openapi', async () => ({ body: document })),
    get('/metrics', 'metrics', async () => ({
      body: (await options.metrics?.metrics()) ?? '',
      headers: { 'content-type': options.metrics?.contentType ?? 'text/plain' },
    })),
  ]
}
