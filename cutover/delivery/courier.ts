import type { LinkContract } from '../contract/contract.ts'
import { toHeaders } from '../contract/headers.ts'
import type { Message } from '../contract/message.ts'
import { type BreakerView, openBreaker } from '../failure/breaker.ts'
import { openRetryBudget, type RetryBudget } from '../failure/retry-budget.ts'
import { Unreachable, type HttpClient } from '../http/client.ts'
import { immediateDeadlineMs } from '../outbox/sender.ts'
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
  /**
   * The same for a caller that waits, and only when it would help: undefined while the breaker is not closed, or while
   * `inFlightMax` such calls are under way, or `overdueMax` of them for longer than anybody waits (a bulkhead: a slow
   * receiver holds up no more callers than these). Then the relay delivers. When the breaker's probe is due it is made with this message, and nobody waits for it.
   */
  deliverNow(message: Message): Promise<Delivered> | undefined
  /** Asks the receiver's side of the link; throws `Unreachable` while it is away or the breaker is open. */
  ask<Answer>(path: string, body: unknown): Promise<Answer>
  /** Whether a delivery would be tried now: the breaker is closed, or its one probe is free. */
  willing(): boolean
  /** What retries of this link may cost; first calls have earned it. */
  readonly budget: RetryBudget
  view(): CourierView
}

/** How a link's HTTP route stands in this process. */
export interface CourierView {
  readonly breaker: BreakerView
  /** What the last call that did not reach the receiver met; null once one has reached it. */
  readonly trouble: string | null
  /** Immediate calls that are under way, and how many were left to the relay because too many were. */
  readonly inFlight: number
  readonly left: number
  readonly retryTokens: number
  readonly retriesPutOff: number
}

/** Immediate calls under way per link and process. */
export const inFlightMax = 32
/** So many calls that take longer than their callers wait say that waiting for more is of no use. */
export const overdueMax = 5
/** A tenth of the calls, and one a second; saved up for a burst of twenty. */
const retryBudget = { share: 0.1, perSecond: 1, max: 20 }

export function openCourier(link: LinkContract, client: HttpClient, deadlineMs: number, clock: Clock, random: Random): Courier {
  const breaker = openBreaker({ failuresMax: 5, firstMs: 200, maxMs: 10_000 }, clock, random)
  const budget = openRetryBudget(retryBudget, clock)
  let trouble: string | null = null
  /** When each immediate call began, the oldest first. */
  const underWay = new Set<{ readonly sinceMs: number }>()
  let left = 0

  const guarded = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    const leave = breaker.enter()
    if (leave === undefined) throw new Unreachable(`breaker open${trouble === null ? '' : ` after: ${trouble}`}`, { sent: false })
    try {
      const answer = await work()
      leave.succeeded()
      trouble = null
      return answer
    } catch (error) {
      if (error instanceof Unreachable) {
        trouble = error.message
        leave.failed()
      } else {
        trouble = null
        leave.succeeded()
      }
      throw error
    }
  }

  return {
    link,
    budget,
    willing: () => breaker.willing(),
    view() {
      const { tokens, exhausted } = budget.view()
      return { breaker: breaker.view(), trouble, inFlight: underWay.size, left, retryTokens: tokens, retriesPutOff: exhausted }
    },
    deliver,
    deliverNow(message) {
      if (!breaker.willing()) return undefined
      if (breaker.state().is !== 'closed') {
        void deliver(message)
        return undefined
      }
      if (underWay.size >= inFlightMax || isSlow()) {
        left++
        return undefined
      }
      budget.earn()
      const own = { sinceMs: clock.now() }
      underWay.add(own)
      return deliver(message).finally(() => underWay.delete(own))
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

  function isSlow(): boolean {
    const fifth = underWay
      .values()
      .drop(overdueMax - 1)
      .next().value
    return fifth !== undefined && clock.now() - fifth.sinceMs > immediateDeadlineMs
  }

  async function deliver(message: Message): Promise<Delivered> {
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
