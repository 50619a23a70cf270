import { Agent, errors } from 'undici'

export interface HttpCall {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The time for everything, connecting included. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

export interface HttpReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Calls one other service. Does not retry: retries have one owner, and that is the relay or the caller. */
export interface HttpClient {
  /** Resolves with whatever was answered, also 4xx and 5xx; throws `Unreachable` when nothing was. */
  request(call: HttpCall): Promise<HttpReply>
  close(): Promise<void>
}

/** No answer came. `sent` says whether the request may have arrived all the same. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly sent: boolean
  constructor(reason: string, options: { readonly sent: boolean; readonly cause?: unknown }) {
    super(reason, { cause: options.cause })
    this.sent = options.sent
  }
}

const replyBytesMax = 1024 * 1024

export function openClient(options: {
  readonly baseUrls: readonly string[]
  readonly token: () => Promise<string>
  readonly deadlineMs: number
  readonly connectionsMax: number
}): HttpClient {
  const { baseUrls } = options
  const agent = new Agent({
    connections: options.connectionsMax,
    pipelining: 1,
    connect: { timeout: 2_000 },
    keepAliveTimeout: 4_000,
    maxResponseSize: replyBytesMax,
  })
  let turn = 0

  async function once(baseUrl: string, call: HttpCall, token: string, signal: AbortSignal): Promise<HttpReply> {
    const reply = await agent.request({
      origin: baseUrl,
      path: call.path,
      method: call.method,
      headers: { ...call.headers, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      ...(call.body === undefined ? {} : { body: call.body }),
      signal,
    })
    const headers = Object.entries(reply.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')])
    return { status: reply.statusCode, headers: Object.fromEntries(headers) as Record<string, string>, body: await reply.body.text() }
  }

  return {
    async request(call) {
      if (baseUrls.length === 0) throw new Unreachable('no address is configured for this service', { sent: false })
      // One deadline for all attempts together: whoever waits has set it for the call, not for each address.
      const deadline = AbortSignal.timeout(call.deadlineMs ?? options.deadlineMs)
      const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal])
      const token = await options.token()
      const first = turn++
      let refused: unknown
      // Another instance is tried only when this one cannot have seen the request.
      for (let n = 0; n < baseUrls.length; n++) {
        if (signal.aborted) throw new Unreachable(reasonOf(refused ?? signal.reason), { sent: false, cause: refused ?? signal.reason })
        const baseUrl = baseUrls[(first + n) % baseUrls.length] as string
        try {
          return await once(baseUrl, call, token, signal)
        } catch (error) {
          if (!neverSent(error)) throw new Unreachable(reasonOf(error), { sent: true, cause: error })
          refused = error
        }
      }
      throw new Unreachable(reasonOf(refused), { sent: false, cause: refused })
    },
    close: () => agent.destroy(),
  }
}

const neverSentCodes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']
const neverSent = (error: unknown): boolean =>
  error instanceof errors.ConnectTimeoutError || neverSentCodes.includes(String((error as { code?: unknown }).code))

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer within the deadline'
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : error instanceof Error ? error.message : String(error)
}
