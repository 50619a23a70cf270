import { Problem, extendProblems } from 'cutover/failure'
import { type HttpClient, Unreachable, openClient } from 'cutover/http/client'
import type { Signer } from 'cutover/http/tokens'

extendProblems({
  service_unknown: { status: 404, title: 'There is no such service' },
  service_away: { status: 503, title: 'A service does not answer' },
  service_refused: { status: 502, title: 'A service refused a call of the engine' },
  service_answer_wrong: { status: 502, title: 'A service answered with something else than agreed' },
})

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  readonly deadlineMs: number
  /** The fencing number of the engine that acts: a service that has seen a higher one refuses the call. */
  readonly term?: number
}

/** The answer of one instance, or in one word why there is none. */
export type InstanceAnswer =
  | { readonly url: string; readonly answer: unknown }
  /** `answered`: it is there, and refused or said something else than agreed. */
  | { readonly url: string; readonly away: string; readonly answered?: boolean }

/** The operator interfaces of all services, as the engine reaches them. No call waits longer than its deadline. */
export interface Directory {
  /** Asks one instance of the service, whichever answers and knows what is asked. Throws a problem that names the service. */
  ask(service: string, call: Call): Promise<unknown>
  /** Asks every instance at once. Never throws: who is away, is away. */
  askEach(service: string, call: Call): Promise<readonly InstanceAnswer[]>
  readonly services: readonly string[]
  close(): Promise<void>
}

interface Service {
  readonly any: HttpClient
  readonly each: readonly { readonly url: string; readonly client: HttpClient }[]
}

/** `urls` gives the addresses of all instances by service. */
export function openDirectory(urls: Readonly<Record<string, readonly string[]>>, signer: Signer): Directory {
  const services = new Map<string, Service>(
    Object.entries(urls).map(([name, baseUrls]) => {
      const open = (own: readonly string[]): HttpClient =>
        openClient({ baseUrls: own, token: () => signer.token({ audience: name }), deadlineMs: 5_000, connectionsMax: 4 })
      return [name, { any: open(baseUrls), each: baseUrls.map(url => ({ url, client: open([url]) })) }]
    }),
  )

  return {
    services: [...services.keys()],
    async ask(name, call) {
      const service = services.get(name)
      if (service === undefined)
        throw new Problem('service_unknown', { detail: `the engine has no address of ${name}; set it in SERVICE_URLS` })
      try {
        return await send(name, service.any, call)
      } catch (error) {
        if (!isUnknownThere(error)) throw error
        // It was of an older build, perhaps, and has done nothing: another instance may know the way, also one that is away now.
        let away: unknown
        for (const { client } of service.each) {
          try {
            return await send(name, client, call)
          } catch (other) {
            if (other instanceof Problem && other.code === 'service_away') away = other
            else if (!isUnknownThere(other)) throw other
          }
        }
        throw away ?? error
      }
    },
    askEach: (name, call) =>
      Promise.all(
        (services.get(name)?.each ?? []).map(async ({ url, client }): Promise<InstanceAnswer> => {
          try {
            return { url, answer: await send(name, client, call) }
          } catch (error) {
            if (error instanceof Problem && error.cause instanceof Unreachable) return { url, away: error.cause.message }
            return { url, away: whatIsWrong(error), answered: error instanceof Problem && error.code !== 'service_away' }
          }
        }),
      ),
    async close() {
      await Promise.all([...services.values()].flatMap(({ any, each }) => [any.close(), ...each.map(({ client }) => client.close())]))
    },
  }
}

/** There is nothing at this path in the instance that was asked. */
const isUnknownThere = (error: unknown): boolean =>
  error instanceof Problem && error.extensions['service_status'] === 404 && error.extensions['service_code'] === 'not_found'

const whatIsWrong = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function send(service: string, client: HttpClient, call: Call): Promise<unknown> {
  const headers = {
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(call.term === undefined ? {} : { 'cutover-term': String(call.term) }),
  }
  const request = {
    method: call.method,
    path: call.path,
    deadlineMs: call.deadlineMs,
    headers,
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  }
  const { status, body } = await client.request(request).catch((error: unknown) => {
    if (!(error instanceof Unreachable)) throw error
    const perhaps = error.sent && call.method !== 'GET' ? ' The call may have arrived; it is safe to repeat.' : ''
    const detail = `${service} does not answer (${error.message}) to ${call.method} ${call.path}.${perhaps} See "cutover status".`
    throw new Problem('service_away', { detail, retryable: true, cause: error, extensions: { service, reason: error.message } })
  })
  const answer = parse(service, call, body)
  if (status >= 200 && status < 300) return answer
  const { detail, title, code, errors, job } = (answer ?? {}) as Readonly<Record<string, unknown>>
  const reason = [detail, title].find(text => typeof text === 'string') ?? 'no reason given'
  throw new Problem(status === 503 ? 'service_away' : 'service_refused', {
    detail: `${service} answered ${status} to ${call.method} ${call.path}: ${reason}`,
    retryable: status === 503,
    extensions: {
      service,
      service_status: status,
      ...(typeof code === 'string' ? { service_code: code, service_detail: reason } : {}),
      ...(errors === undefined ? {} : { service_errors: errors }),
      ...(job === undefined ? {} : { service_job: job }),
    },
  })
}

function parse(service: string, call: Call, body: string): unknown {
  try {
    return body === '' ? null : JSON.parse(body)
  } catch (cause) {
    throw new Problem('service_answer_wrong', {
      detail: `${service} answered ${call.method} ${call.path} with ${Buffer.byteLength(body)} bytes that are no JSON`,
      cause,
    })
  }
}
