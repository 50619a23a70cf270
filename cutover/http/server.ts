import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Registry } from 'prom-client'
import { JsonError, parseStrict } from '../contract/strict-json.ts'
import { Problem } from '../failure/problem.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import { fieldError } from '../failure/field-error.ts'
import { openApi } from './openapi.ts'
import { openGatekeeper } from './policy.ts'
import type { HttpAnswer, RouteDefinition } from './route.ts'
import type { Caller, Verifier } from './tokens.ts'

export type { HttpAnswer, HttpRequest, Policy, RouteDefinition } from './route.ts'
export { tokenDigest } from './policy.ts'

export interface ServerOptions {
  readonly service: string
  /** Loopback unless said otherwise. */
  readonly host?: string
  readonly port: number
  readonly routes: readonly RouteDefinition[]
  readonly verifier: Verifier | null
  /** SHA-256 of the operator's opaque token, where this server accepts it. */
  readonly operatorTokenDigest?: string
  readonly log: Log
  readonly metrics?: Registry
  /** Why the service is not ready, by part; `ok` where it is. */
  readonly ready: () => Promise<Readonly<Record<string, string>>>
}

export interface Server extends Running {
  readonly url: string
  readonly inject: FastifyInstance['inject']
}

export const bodyBytesMax = 256 * 1024
const requestTimeoutMs = 30_000

/** A server for these routes; throws for a route without a policy. Listens from `start` on. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const app = fastify({
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: 5_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    genReqId: () => randomBytes(16).toString('hex'),
    routerOptions: { maxParamLength: 200 },
    http: { maxHeaderSize: 32 * 1024 },
  })
  const gatekeeper = openGatekeeper(options.verifier, options.operatorTokenDigest)
  const ajv = new Ajv2020({ strict: true, allErrors: true, coerceTypes: false, useDefaults: false, allowUnionTypes: true })
  formats.default(ajv)
  let stopping = false

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    try {
      refuseEncodings(request)
      ;(request as Raw).rawBody = body.toString('utf8')
      done(null, parseStrict(body))
    } catch (error) {
      done(error as Error)
    }
  })
  app.setErrorHandler((error, request, reply) => sendProblem(toProblem(error as Error), request, reply, options.log))
  app.setNotFoundHandler((request, reply) => sendProblem(notFound(request, options.routes), request, reply, options.log))

  for (const route of [...options.routes, ...builtIn(options, () => stopping)]) add(route)
  return {
    name: `http ${options.service}`,
    get url() {
      const address = app.server.address() as AddressInfo | null
      return `http://${options.host ?? '127.0.0.1'}:${address?.port ?? options.port}`
    },
    inject: app.inject.bind(app) as FastifyInstance['inject'],
    async start() {
      if (!app.server.listening) await app.listen({ host: options.host ?? '127.0.0.1', port: options.port })
    },
    async stop() {
      stopping = true
      await app.close()
    },
  }

  function add(route: RouteDefinition): void {
    if (route.policy === undefined) throw new Error(`${route.method} ${route.path} has no policy: say who may call it`)
    const check = (schema: object | undefined): ValidateFunction | undefined => (schema === undefined ? undefined : ajv.compile(schema))
    const [body, params, query] = [check(route.body), check(route.params), check(route.query)]
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      // Before the body is read: whoever may not call has nothing to say.
      async onRequest(request) {
        ;(request as Raw).caller = await gatekeeper.admit(route.policy, request.headers.authorization)
      },
      async handler(request, reply) {
        if (route.body !== undefined) requireBody(request)
        demand(params, request.params, 'parameter_invalid', 'a path parameter')
        demand(query, request.query, 'parameter_invalid', 'a query parameter')
        demand(body, request.body, 'body_invalid', 'the body')
        const gone = new AbortController()
        request.raw.once('close', () => request.raw.destroyed && !request.raw.complete && gone.abort())
        const answer = await route.handle({
          body: request.body,
          rawBody: (request as Raw).rawBody ?? '',
          params: request.params as Record<string, string>,
          query: request.query as Record<string, unknown>,
          headers: request.headers as Record<string, string | undefined>,
          caller: (request as Raw).caller ?? null,
          signal: gone.signal,
        })
        return send(reply, answer)
      },
    })
  }
}

type Raw = FastifyRequest & { rawBody?: string; caller?: Caller | null }

function send(reply: FastifyReply, answer: HttpAnswer): FastifyReply {
  reply.code(answer.status ?? (answer.body === undefined ? 204 : 200)).headers(answer.headers ?? {})
  if (answer.body === undefined) return reply.send()
  if (typeof answer.body === 'string') return reply.send(answer.body)
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.body))
}

function refuseEncodings(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') throw new Problem('encoding_unsupported', { detail: 'send the body without compression' })
  const charset = /charset="?([^";]+)/i.exec(request.headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') throw new Problem('charset_unsupported', { detail: 'send JSON as UTF-8' })
}

function requireBody(request: FastifyRequest): void {
  if (request.body === undefined) throw new Problem('body_empty', { detail: 'a JSON document is expected, with content-type application/json' })
  if (typeof request.body !== 'object' || request.body === null || Array.isArray(request.body)) {
    throw new Problem('body_invalid', { detail: 'the body must be a JSON object', errors: [{ pointer: '', code: 'type_object', detail: 'must be an object' }] })
  }
}

function demand(validate: ValidateFunction | undefined, value: unknown, code: string, what: string): void {
  if (validate === undefined || validate(value ?? {})) return
  const errors = (validate.errors ?? []).slice(0, 50).map(fieldError)
  const first = errors[0]
  throw new Problem(code, { detail: `${what} breaks a rule: ${first?.pointer ?? ''} ${first?.detail ?? ''}`, errors })
}

/** Whatever was thrown, as a problem: ours as it is, the framework's by its code, anything else as `internal` without its text. */
function toProblem(error: Error & { code?: string; statusCode?: number }): Problem {
  if (error instanceof Problem) return error
  if (error instanceof JsonError) {
    return new Problem(error.code, { detail: error.message, errors: [{ pointer: error.pointer, code: error.code, detail: error.message }] })
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('body_too_large', { detail: `a body may have ${bodyBytesMax} bytes at the most` })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('media_type_unsupported', { detail: 'send JSON, with content-type application/json' })
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new Problem('body_empty', { detail: 'a JSON document is expected' })
    default:
  }
  if (error.statusCode !== undefined && error.statusCode < 500) return new Problem('request_invalid', { detail: error.message, status: error.statusCode, cause: error })
  return new Problem('internal', { detail: 'the request could not be served; the log has the reason under this trace id', cause: error })
}

function notFound(request: FastifyRequest, routes: readonly RouteDefinition[]): Problem {
  const path = request.url.split('?')[0] ?? ''
  const matches = routes.filter(route => new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
  if (matches.length === 0) return new Problem('not_found', { detail: 'there is nothing at this path; see /openapi.json' })
  const allow = matches.map(route => route.method).join(', ')
  return new Problem('method_not_allowed', { detail: `this path serves ${allow}`, extensions: { allow } })
}

function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  if (problem.status >= 500 && problem.code !== 'capacity') log.error({ err: problem.cause ?? problem, traceId: request.id, route: request.routeOptions.url }, `http: ${problem.code}`)
  const allow = problem.extensions['allow']
  if (typeof allow === 'string') reply.header('allow', allow)
  if (problem.retryable) reply.header('retry-after', '1')
  return reply
    .code(problem.status)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem.toJSON({ trace_id: request.id })))
}

function builtIn(options: ServerOptions, stopping: () => boolean): RouteDefinition[] {
  const document = openApi(options.service, options.routes)
  const get = (path: string, operationId: string, handle: () => Promise<HttpAnswer>): RouteDefinition => ({ method: 'GET', path, operationId, summary: operationId, policy: 'public', handle })
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
