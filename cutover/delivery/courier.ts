import type { LinkContract } from '../contract/contract.ts'
import { toHeaders } from '../contract/headers.ts'
import type { Message } from '../contract/message.ts'
import { type Breaker, type BreakerState, openBreaker } from '../failure/breaker.ts'
import { Unreachable, type HttpClient } from '../http/client.ts'
import type { Clock, Random } from '../process/clock.ts'

/** What became of one HTTP delivery. Only `receipt` is terminal. */
export type Delivered =
  | { readonly kind: 'receipt'; readonly outcome: string }
  /** 202: the receiver keeps it and will act when it has what it lacks. Not a receipt. */
  | { readonly kind: 'accepted' }
  /** This message is the trouble: counts as an attempt. `final` when trying again cannot help. */
  | { readonly kind: 'refused'; readonly final: boolean; readonly code: string; readonly detail: string }
  /** Everybody's trouble: receiver down, overloaded, or breaker open. Costs no attempt. */
  | { readonly kind: 'away'; readonly reason: string }

export interface Courier {
  readonly link: LinkContract
  /** Delivers one message by HTTP. Never throws. */
  deliver(message: Message): Promise<Delivered>
  /** Asks the receiver's side of the link; throws `Unreachable` while it is away or the breaker is open. */
  ask<Answer>(path: string, body: unknown): Promise<Answer>
  /** Whether a delivery would be tried now: the breaker is closed, or its one probe is free. */
  willing(): boolean
  state(): BreakerState['is']
}

/** Deliveries in flight per link and process. Beyond it an immediate call is left to the relay. */
export const inFlightMax = 32

export function openCourier(link: LinkContract, client: HttpClient, deadlineMs: number, clock: Clock, random: Random): Courier {
  const breaker: Breaker = openBreaker({ failuresMax: 5, firstMs: 200, maxMs: 10_000 }, clock, random)

  const guarded = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    if (!breaker.enter()) throw new Unreachable('breaker open', { sent: false })
    try {
      const answer = await work()
      breaker.succeeded()
      return answer
    } catch (error) {
      if (error instanceof Unreachable) breaker.failed()
      else breaker.succeeded()
      throw error
    }
  }

  return {
    link,
    willing: () => breaker.willing(),
    state: () => breaker.state().is,
    async deliver(message) {
      try {
        return await guarded(async () => {
          const path = link.http.path.replace('{id}', encodeURIComponent(message.orderKey))
          const headers = {
            ...toHeaders(message),
            'cutover-link': link.id,
            'idempotency-key': `"${message.factId}"`,
            'content-type': 'application/json',
          }
          const answer = await client.request({ method: link.http.method, path, headers, body: message.bytes, deadlineMs })
          return classify(answer.status, answer.body)
        })
      } catch (error) {
        if (error instanceof Unreachable) return { kind: 'away', reason: error.message }
        return { kind: 'refused', final: false, code: 'delivery_error', detail: error instanceof Error ? error.message : String(error) }
      }
    },
    ask: (path, body) =>
      guarded(async () => {
        const answer = await client.request({
          method: 'POST',
          path,
          headers: { 'content-type': 'application/json', 'cutover-link': link.id },
          body: JSON.stringify(body),
          deadlineMs: 5_000,
        })
        if (answer.status !== 200) throw new Unreachable(`${link.to} answered POST ${path} with ${answer.status}`, { sent: true })
        return JSON.parse(answer.body)
      }),
  }
}

/** Pure but for its throw: a status that says "not now" for everybody is an `Unreachable`, so that the breaker counts it. */
export function classify(status: number, body: string): Delivered {
  const document = readObject(body)
  const text = (name: string): string => (typeof document[name] === 'string' ? document[name] : '')
  if (status === 200 || status === 201) return { kind: 'receipt', outcome: text('outcome') || 'done' }
  if (status === 202) return { kind: 'accepted' }
  if (status === 409 && text('code') === 'rejected') return { kind: 'receipt', outcome: 'rejected' }
  if ([401, 403, 404, 405, 408, 410, 429, 502, 503, 504].includes(status)) {
    // A token that is refused, or a route that is missing or retired, is a deployment's fault, not the message's: it waits.
    throw new Unreachable(`answered ${status} ${text('code')}`, { sent: true })
  }
  const final = status >= 400 && status < 500 && status !== 409
  return { kind: 'refused', final, code: text('code') || `http_${status}`, detail: text('detail') || `the receiver answered ${status}` }
}

function readObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // Not JSON (a proxy's page): the status alone decides.
    return {}
  }
}
