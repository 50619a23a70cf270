import { Agent, errors } from 'undici'
import { currentTrace, readTrace, type Trace } from '../process/trace.ts'
import { attributes } from '../telemetry/names.ts'
import { inSpan } from '../telemetry/tracing.ts'
import { notServed } from './not-served.ts'

export interface HttpCall {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The time for everything: finding an instance that takes the call, sending, and reading the whole answer. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

export interface HttpReply {
  readonly status: number
  /** Names in lower case; a header that came twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Calls one other service. Does not retry: retries have one owner, and that is the relay or the caller. */
export interface HttpClient {
  /** Resolves with whatever was answered, also 3xx, 4xx and 5xx; throws `Unreachable` when nothing was. */
  request(call: HttpCall): Promise<HttpReply>
  /** Ends everything; calls that are under way throw `Unreachable`. */
  close(): Promise<void>
}

export type UnreachableReason = 'refused' | 'timeout' | 'reset' | 'aborted' | 'too_large' | 'closed' | 'other'

/** No answer came. `sent` says whether the request may have arrived all the same. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly sent: boolean
  readonly reason: UnreachableReason
  constructor(message: string, options: { readonly sent: boolean; readonly reason?: UnreachableReason; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.sent = options.sent
    this.reason = options.reason ?? 'other'
  }
}

const replyBytesMax = 1024 * 1024
/** An instance that did not answer rests so long, doubled at each failure in a row. */
const rest = { firstMs: 500, maxMs: 10_000 }

export function openClient(options: {
  /** One per instance; taken in turn, those that did not answer lately last. */
  readonly baseUrls: readonly string[]
  readonly token: () => Promise<string>
  readonly deadlineMs: number
  /** Per instance. */
  readonly connectionsMax: number
}): HttpClient {
  const { baseUrls } = options
  // Connections are given up before a server of ours would, so that none is used just when it is closed. Redirects are not followed.
  const agent = new Agent({
    connections: options.connectionsMax,
    pipelining: 1,
    connect: { timeout: 2_000 },
    keepAliveTimeout: 4_000,
    maxResponseSize: replyBytesMax,
  })
  let turn = 0
  const rests = new Map<string, { readonly untilMs: number; readonly failures: number }>()

  /**
   * The instances in the order in which they are tried. One that stands still would swallow its share of all calls, so it
   * rests behind the others; when its rest is over a single call finds out whether it is back.
   */
  function inOrder(probeMs: number): string[] {
    const first = turn++
    const turns = baseUrls.map((_, n) => baseUrls[(first + n) % baseUrls.length] as string)
    const nowMs = Date.now()
    const isAwake = (url: string): boolean => (rests.get(url)?.untilMs ?? 0) <= nowMs
    const awake = turns.filter(isAwake)
    const chosen = awake[0]
    const known = chosen === undefined ? undefined : rests.get(chosen)
    if (chosen !== undefined && known !== undefined) rests.set(chosen, { ...known, untilMs: nowMs + probeMs })
    return [...awake, ...turns.filter(url => !awake.includes(url))]
  }

  function restAfter(url: string, error: unknown): void {
    if (!['refused', 'timeout', 'reset'].includes(reasonOf(error))) return
    const failures = (rests.get(url)?.failures ?? 0) + 1
    rests.set(url, { failures, untilMs: Date.now() + Math.min(rest.maxMs, rest.firstMs * 2 ** Math.min(failures - 1, 30)) })
  }

  async function once(baseUrl: string, call: HttpCall, trace: Trace | undefined, token: string, signal: AbortSignal): Promise<HttpReply> {
    const reply = await agent.request({
      origin: baseUrl,
      path: call.path,
      method: call.method,
      headers: {
        ...call.headers,
        ...(trace === undefined ? {} : traceHeaders(trace)),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      signal,
    })
    const headers = Object.entries(reply.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')])
    return { status: reply.statusCode, headers: Object.fromEntries(headers) as Record<string, string>, body: await reply.body.text() }
  }

  async function request(call: HttpCall, trace: Trace | undefined): Promise<HttpReply> {
    if (baseUrls.length === 0) throw new Unreachable('no address is configured for this service', { sent: false, reason: 'refused' })
    const token = await options.token()
    const deadlineMs = call.deadlineMs ?? options.deadlineMs
    const deadline = AbortSignal.timeout(deadlineMs)
    const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal])
    let refused: unknown
    // Another instance is tried only when this one cannot have seen the request.
    for (const baseUrl of inOrder(deadlineMs)) {
      if (signal.aborted) {
        const cause: unknown = signal.reason
        throw new Unreachable(textOf(cause), { sent: false, reason: reasonOf(cause), cause })
      }
      try {
        const reply = await once(baseUrl, call, trace, token, signal)
        const phase = reply.headers[notServed]
        if (phase === undefined) {
          rests.delete(baseUrl)
          return reply
        }
        refused = new Unreachable(`this instance is ${phase}`, { sent: false, reason: 'refused' })
      } catch (error) {
        restAfter(baseUrl, error)
        if (!neverSent(error)) throw unreachable(error, deadlineMs)
        refused = error
      }
    }
    throw refused instanceof Unreachable ? refused : unreachable(refused, deadlineMs)
  }

  return {
    request(call) {
      // A message that is delivered belongs to the trace of its fact, whoever delivers it.
      const parent = readTrace(call.headers?.['traceparent']) ?? currentTrace()
      if (parent === undefined) return request(call, undefined)
      return inSpan({ name: call.method, kind: 'client', attributes: () => described(call, baseUrls), parent }, async (span, trace) => {
        const reply = await request(call, trace)
        span?.setAttribute(attributes.status, reply.status)
        return reply
      })
    },
    close: () => agent.destroy(),
  }
}

const traceHeaders = ({ traceparent, state }: Trace): Record<string, string> => ({
  traceparent,
  ...(state === undefined ? {} : { tracestate: state }),
})

/** No path and no query: they hold ids, and might hold more. */
function described({ method, headers }: HttpCall, baseUrls: readonly string[]): Record<string, string> {
  const link = headers?.['cutover-link']
  const host = baseUrls[0] === undefined ? undefined : new URL(baseUrls[0]).hostname
  return {
    [attributes.method]: method,
    ...(host === undefined ? {} : { [attributes.server]: host }),
    ...(link === undefined ? {} : { [attributes.link]: link }),
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code)

const neverSent = (error: unknown): boolean =>
  error instanceof errors.ConnectTimeoutError ||
  error instanceof errors.ClientDestroyedError ||
  error instanceof errors.ClientClosedError ||
  ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'].includes(codeOf(error))

function unreachable(cause: unknown, deadlineMs: number): Unreachable {
  const reason = reasonOf(cause)
  const message = reason === 'timeout' ? `no answer within ${deadlineMs} ms` : textOf(cause)
  return new Unreachable(message, { sent: !neverSent(cause), reason, cause })
}

function reasonOf(error: unknown): UnreachableReason {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'timeout'
  if (error instanceof errors.ConnectTimeoutError) return 'refused'
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) return 'timeout'
  if (error instanceof errors.ResponseExceededMaxSizeError) return 'too_large'
  if (error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError) return 'closed'
  if (error instanceof errors.SocketError || ['ECONNRESET', 'EPIPE'].includes(codeOf(error))) return 'reset'
  if (neverSent(error)) return 'refused'
  return error instanceof DOMException && error.name === 'AbortError' ? 'aborted' : 'other'
}

function textOf(error: unknown): string {
  const code = codeOf(error)
  return code !== 'undefined' && Number.isNaN(Number(code)) ? code : error instanceof Error ? error.message : String(error)
}
