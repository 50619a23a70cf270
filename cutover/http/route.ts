import type { Repeats, RequestKey } from './idempotency-key.ts'
import type { Caller, Officer, Role } from './tokens.ts'

/**
 * Who may call a route. There is no default: a route without a policy does not start.
 * `links`: services over the links named, each with a token for that link. `operator`: the engine, or whoever holds
 * the operator's token where the server knows its digest. `officers`: only who holds one of these tokens.
 */
export type Policy =
  | 'public'
  | 'operator'
  | { readonly officers: readonly Officer[] }
  | { readonly persons: readonly Role[]; readonly links?: readonly { readonly from: string; readonly link: string }[] }
  | { readonly links: readonly { readonly from: string; readonly link: string }[] }
  | { readonly services: readonly string[] }

export interface HttpRequest<Body = unknown, Params = Readonly<Record<string, string>>, Query = Readonly<Record<string, unknown>>> {
  readonly body: Body
  /** The body as it arrived. */
  readonly rawBody: string
  readonly params: Params
  readonly query: Query
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly caller: Caller | null
  /** Its `Idempotency-Key`, where the operation takes one and the caller sent it. */
  readonly key?: RequestKey
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status?: number
  /** Sent as JSON; text, bytes and a stream (of server-sent events, say) as they are, with the `content-type` of `headers`. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One operation of an HTTP API. Schemas are JSON Schema 2020-12; bodies are closed unless the schema says otherwise. */
export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** OpenAPI style: `/tasks/{id}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly policy: Policy
  /** Every operation that writes says what becomes of a request that comes twice. */
  readonly repeats?: Repeats
  readonly tags?: readonly string[]
  /** The link that this operation is the HTTP route of. */
  readonly link?: string
  readonly body?: object
  readonly params?: object
  readonly query?: object
  readonly responses?: Readonly<Record<number, object>>
  handle(request: HttpRequest): Promise<HttpAnswer>
}
