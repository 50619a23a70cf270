import { openApi } from './openapi.ts'
import type { HttpAnswer, HttpRequest, RouteDefinition } from './route.ts'
import type { Check, Phase, ServerOptions } from './server.ts'

/** What every server answers: whether it lives, whether it is ready, its metrics, and its own description. */
export function builtIn(options: ServerOptions, phase: () => Phase): RouteDefinition[] {
  const document = openApi(options.service, options.routes)
  const get = (path: string, operationId: string, handle: (request: HttpRequest) => Promise<HttpAnswer>): RouteDefinition => ({
    method: 'GET',
    path,
    operationId,
    summary: operationId,
    policy: 'public',
    // Probes and scrapers bring parameters of their own.
    query: { type: 'object', additionalProperties: true },
    handle,
  })
  // That it is answered says that the event loop turns.
  const live = async (): Promise<HttpAnswer> => ({ body: { live: true } })
  /** Everything by name while it starts, or stops, or with `?verbose`; `process` first, which says why. */
  async function ready(request: HttpRequest): Promise<HttpAnswer> {
    const now = phase()
    const begun = performance.now()
    const parts = now === 'stopping' ? {} : await options.ready()
    const failed = Object.values(parts).some(check => check !== 'ok' && typeof check === 'string')
    const checks = { ...(now === 'open' ? {} : { process: now }), ...Object.fromEntries(Object.entries(parts).map(shown)) }
    const verbose = 'verbose' in request.query
    return {
      status: now === 'open' && !failed ? 200 : 503,
      body: {
        checks,
        ...(verbose ? { phase: now, took_ms: Math.round(performance.now() - begun), up_s: Math.round(process.uptime()) } : {}),
      },
      headers: { 'cache-control': 'no-store' },
    }
  }
  /** Whether it has started: what fails later is a matter of readiness. */
  const startup = async (request: HttpRequest): Promise<HttpAnswer> => {
    if (phase() === 'starting') return ready(request)
    return { body: { checks: { process: phase() === 'open' ? 'ok' : phase() } } }
  }
  return [
    get('/livez', 'live', live),
    get('/healthz', 'health', live),
    get('/readyz', 'ready', ready),
    get('/startupz', 'startup', startup),
    get('/openapi.json', 'openapi', async () => ({ body: document })),
    get('/metrics', 'metrics', async () => ({
      body: (await options.metrics?.metrics()) ?? '',
      headers: { 'content-type': options.metrics?.contentType ?? 'text/plain' },
    })),
  ]
}

const shown = ([name, check]: readonly [string, Check]): readonly [string, string] => [
  name,
  typeof check === 'string' ? check : `degraded: ${check.degraded}`,
]
