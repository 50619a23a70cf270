import { notServed } from './not-served.ts'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import formats from 'ajv-formats'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Registry } from 'prom-client'
import { parseStrict } from '../contract/strict-json.ts'
import { Problem } from '../failure/problem.ts'
import { openSchemaCheck } from '../failure/schema-check.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import { builtIn } from './built-in.ts'
import { demandKey, readKey, requestKey, type RequestKey } from './idempotency-key.ts'
import { watchInFlight } from './in-flight.ts'
import { handleIn, observeRequests, traceIdOf } from './observed.ts'
import { isPolicy, openGatekeeper } from './policy.ts'
import { bodyBytesMax, refuseConnection, sendProblem, toProblem } from './problem-answer.ts'
import { demand, refuseBody, refuseEncodings, refuseNul, requireBody, schemasOf } from './request-checks.ts'
import type { HttpAnswer, HttpRequest, RouteDefinition } from './route.ts'
import type { Caller, Officer, Verifier } from './tokens.ts'

export type { HttpAnswer, HttpRequest, Policy, RouteDefinition } from './route.ts'
export { keptHours, type Repeats, type RequestKey } from './idempotency-key.ts'
export { tokenDigest } from './policy.ts'
export type { Officer } from './tokens.ts'

export interface ServerOptions {
  readonly service: string
  /** Loopback unless said otherwise. */
  readonly host?: string
  readonly port: number
  readonly routes: readonly RouteDefinition[]
  readonly verifier: Verifier | null
  /** SHA-256 of the operator's opaque token, where this server accepts it. */
  readonly operatorTokenDigest?: string
  /** The same of the second person's. */
  readonly approverTokenDigest?: string
  /** Who has signed in, of those who send no token: for browsers. */
  readonly signedIn?: (request: { readonly method: string; readonly headers: IncomingMessage['headers'] }) => Officer | null
  /** What is shown at a path that no operation serves; null for nothing. */
  readonly pages?: (path: string) => Promise<HttpAnswer | null>
  readonly log: Log
  readonly metrics?: Registry
  /** How each part that the service needs stands. */
  readonly ready: () => Promise<Readonly<Record<string, Check>>>
  /** The time in which a request must have arrived as a whole; 30 seconds unless said otherwise. */
  readonly requestTimeoutMs?: number
  /** How long a stop waits for requests that are being served; 5 seconds unless said otherwise. */
  readonly stopGraceMs?: number
}

/** `ok`, or why not. What is `degraded` is told and makes no service unready: it works without, for a while. */
export type Check = string | { readonly degraded: string }

export interface Server extends Running {
  readonly url: string
  /** Answers probes already, and everything else with 503 until `start`: what is asked has its answer from here. */
  listen(): Promise<void>
  readonly inject: FastifyInstance['inject']
}

/** Where a server stands in its life. */
export type Phase = 'starting' | 'open' | 'stopping'

// Answered from the first to the last, because they say that this instance is starting, or stopping.
const probes = new Set(['/livez', '/healthz', '/readyz', '/startupz'])

/** A server for these routes; throws for a route without a policy. Listens from `start` on. */
export async function openServer(options: ServerOptions): Promise<Server> {
  let phase: Phase = 'open'
  const routes = [...options.routes, ...builtIn(options, () => phase)]
  const app = openApp(options, routes)
  const inFlight = watchInFlight(app)
  observeRequests(app, options.metrics)
  let stopped: Promise<void> | undefined
  const { operatorTokenDigest: operator, approverTokenDigest: approver } = options
  const gatekeeper = openGatekeeper(options.verifier, {
    ...(operator === undefined ? {} : { operator }),
    ...(approver === undefined ? {} : { approver }),
  })
  const ajv = openSchemaCheck()
  formats.default(ajv)

  app.addHook('onRequest', async (request, reply) => {
    // First of all: what is not there now may be there in a moment. Nothing has been done, so another instance may be asked.
    if (phase !== 'open' && !probes.has(request.url.split('?')[0] ?? '')) {
      reply.header(notServed, phase)
      throw new Problem('unavailable', { detail: `this instance is ${phase}; try again, perhaps elsewhere` })
    }
    // Before the body is read, so that a wrong body does not hide a wrong path.
    if (request.is404) {
      const page = request.method === 'GET' ? await options.pages?.(request.url.split('?')[0] ?? '') : null
      if (page != null) return send(reply, page)
      throw notFound(request, routes)
    }
  })
  app.addHook('onSend', async (_request, reply) => {
    // Whoever keeps the connection would keep a stopping process waiting for it.
    if (phase === 'stopping') reply.header('connection', 'close')
  })
  const repeated = routes.find((route, n) => routes.findIndex(other => other.operationId === route.operationId) < n)
  if (repeated !== undefined)
    throw new Error(`${repeated.method} ${repeated.path} repeats the operationId ${repeated.operationId}: give it its own`)
  for (const route of routes) add(route)
  const listen = (): Promise<unknown> => app.listen({ host: options.host ?? '127.0.0.1', port: options.port })
  return {
    name: `http ${options.service}`,
    get url() {
      const address = app.server.address() as AddressInfo | null
      return `http://${options.host ?? '127.0.0.1'}:${address?.port ?? options.port}`
    },
    inject: app.inject.bind<FastifyInstance['inject']>(app),
    async listen() {
      if (app.server.listening) return
      phase = 'starting'
      await listen()
    },
    async start() {
      if (!app.server.listening) await listen()
      if (phase === 'starting') phase = 'open'
    },
    stop() {
      phase = 'stopping'
      stopped ??= inFlight.drain(options.stopGraceMs ?? 5_000)
      return stopped
    },
  }

  function add(route: RouteDefinition): void {
    if (!isPolicy(route.policy)) throw new Error(`${route.method} ${route.path} has no policy: say who may call it`)
    const schemas = schemasOf(route)
    const [params, query] = [ajv.compile(schemas.params), ajv.compile(schemas.query)]
    const body = schemas.body === undefined ? undefined : ajv.compile(schemas.body)
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      // Before the body is read: whoever may not call has nothing to say.
      async onRequest(request) {
        const { authorization } = request.headers
        const signedIn = (): Officer | null => options.signedIn?.(request) ?? null
        ;(request as Raw).caller = await gatekeeper.admit(route.policy, authorization, signedIn)
        refuseEncodings(request)
      },
      async handler(request, reply) {
        if (body === undefined) refuseBody(request.body)
        else requireBody(request.body)
        refuseNul(request.params, 'a path parameter')
        refuseNul(request.query, 'a query parameter')
        demand(params, request.params, 'parameter_invalid', 'a path parameter')
        demand(query, request.query, 'parameter_invalid', 'a query parameter')
        demand(body, request.body, 'body_invalid', 'the body')
        return send(reply, await handleIn(request, () => route.handle(requestOf(request, reply, keyOf(route, request)))))
      },
    })
  }
}

function openApp(options: ServerOptions, routes: readonly RouteDefinition[]): FastifyInstance {
  const methods = methodsOf(routes)
  const requestTimeout = options.requestTimeoutMs ?? 30_000
  const app = fastify({
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    requestTimeout,
    connectionTimeout: 0,
    keepAliveTimeout: 5_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: traceIdOf,
    routerOptions: { maxParamLength: 200 },
    http: {
      maxHeaderSize: 16 * 1024,
      headersTimeout: requestTimeout,
      requestTimeout,
      connectionsCheckingInterval: Math.min(1_000, requestTimeout),
    },
    frameworkErrors: (error, request, reply) => void sendProblem(toProblem(error), request, reply, options.log),
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, methods, randomBytes(16).toString('hex')),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    try {
      ;(request as Raw).rawBody = body.toString('utf8')
      // No bytes are no body: whether one is needed, the route decides.
      done(null, body.length === 0 ? undefined : parseStrict(body))
    } catch (error) {
      done(error as Error)
    }
  })
  app.setErrorHandler((error, request, reply) => sendProblem(toProblem(error), request, reply, options.log))
  app.setNotFoundHandler((request, reply) => sendProblem(notFound(request, routes), request, reply, options.log))
  return app
}

type Raw = FastifyRequest & { rawBody?: string; caller?: Caller | null }

/** The key of a request to an operation that takes one. */
function keyOf({ operationId, repeats }: RouteDefinition, request: FastifyRequest): RequestKey | undefined {
  if (repeats === undefined || 'noKey' in repeats) return undefined
  const text = readKey(request.headers['idempotency-key']?.toString())
  demandKey(repeats, text)
  if (text === undefined) return undefined
  const { method, url: path, body } = request
  return requestKey(text, { operation: operationId, method, path, body, caller: (request as Raw).caller ?? null })
}

function requestOf(request: FastifyRequest, reply: FastifyReply, key: RequestKey | undefined): HttpRequest {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return {
    body: request.body,
    rawBody: (request as Raw).rawBody ?? '',
    params: request.params as Record<string, string>,
    query: request.query as Record<string, unknown>,
    headers: request.headers as Record<string, string | undefined>,
    caller: (request as Raw).caller ?? null,
    ...(key === undefined ? {} : { key }),
    signal: gone.signal,
  }
}

function send(reply: FastifyReply, answer: HttpAnswer): FastifyReply {
  reply.code(answer.status ?? (answer.body === undefined ? 204 : 200)).headers(answer.headers ?? {})
  if (answer.body === undefined) return reply.send()
  if (typeof answer.body === 'string' || answer.body instanceof Uint8Array || answer.body instanceof Readable)
    return reply.send(answer.body)
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.body))
}

function notFound(request: FastifyRequest, routes: readonly RouteDefinition[]): Problem {
  const path = request.url.split('?')[0] ?? ''
  const matches = routes.filter(route => patternOf(route.path).test(path))
  if (matches.length === 0) return new Problem('not_found', { detail: 'there is nothing at this path; see /openapi.json' })
  const allow = methodsOf(matches).join(', ')
  return new Problem('method_not_allowed', { detail: `this path serves ${allow}`, extensions: { allow } })
}

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split(/\{\w+\}/)
      .map(RegExp.escape)
      .join('[^/]+')}$`,
  )

/** HEAD is served wherever GET is. */
const methodsOf = (routes: readonly RouteDefinition[]): string[] =>
  [...new Set(routes.flatMap(route => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])))].toSorted()
