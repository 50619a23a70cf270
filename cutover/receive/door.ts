import { fromHeaders } from '../contract/headers.ts'
import type { Message } from '../contract/message.ts'
import { isTransient } from '../database/database.ts'
import { type FieldError, Problem } from '../failure/problem.ts'
import type { HttpAnswer, HttpRequest } from '../http/server.ts'
import { isEnvelope, type Registry } from '../registry/registry.ts'
import type { Outcome } from './outcome.ts'
import type { Receiver } from './receiver.ts'
import type { ReceiveStore } from './store.ts'

/** Requests that share one transaction at the most. */
const batchMax = 100
/** Requests that may wait for a transaction; beyond it the answer is 503 and the sender keeps its fact. */
const waitingMax = 1_000

interface Waiting {
  readonly message: Message
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/**
 * The HTTP door of a business link. Requests that arrive while a transaction is being committed share the next one
 * (group commit), so that a burst costs few commits; each gets its own answer.
 */
export interface Door {
  handle(request: HttpRequest<unknown, unknown, unknown>): Promise<HttpAnswer>
}

export function openDoor(
  receiver: Receiver,
  store: ReceiveStore,
  registry: Registry,
  received: (outcomes: readonly Outcome[]) => void,
): Door {
  const waiting: Waiting[] = []
  let working = false

  async function work(): Promise<void> {
    if (working) return
    working = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchMax)
      try {
        await together(batch)
      } catch {
        // One of them spoils the batch: each alone, so that only that one fails.
        for (const one of batch) await together([one]).catch(error => one.reject(isTransient(error) ? unavailable(error) : error))
      }
    }
    working = false
  }

  async function together(batch: readonly Waiting[]): Promise<void> {
    const outcomes = await store.transaction(tx =>
      receiver.receive(
        tx,
        batch.map(one => one.message),
        'http',
      ),
    )
    received(outcomes)
    batch.forEach((one, index) => one.resolve(outcomes[index] as Outcome))
  }

  return {
    async handle(request) {
      const message = readRequest(request, receiver, registry)
      if (waiting.length >= waitingMax) {
        throw new Problem('capacity', {
          detail: `${waitingMax} deliveries are waiting on ${receiver.link.id}; try again later`,
          retryable: true,
        })
      }
      const outcome = await new Promise<Outcome>((resolve, reject) => {
        waiting.push({ message, resolve, reject })
        void work()
      })
      return answer(outcome, message, receiver.link.id)
    },
  }
}

/** Everybody's trouble: the sender waits, and spends no attempt of this message on it. */
const unavailable = (cause: unknown): Problem =>
  new Problem('unavailable', { detail: 'the database is away or busy; the delivery was not booked, send it again', retryable: true, cause })

function readRequest(request: HttpRequest<unknown, unknown, unknown>, receiver: Receiver, registry: Registry): Message {
  const message = fromHeaders(request.headers, request.rawBody)
  if ('wrong' in message) throw new Problem('header_invalid', { detail: message.wrong })
  if (request.key?.text !== message.factId) {
    throw new Problem('idempotency_key_format', { detail: 'Idempotency-Key must be the fact id of the header cutover-fact' })
  }
  const errors = boundsOf(request.body, message, registry)
  if (errors.length > 0) throw new Problem('body_invalid', { detail: `the body is not a ${receiver.link.event} within its bounds`, errors })
  return message
}

/** The first answer again, to the fact that got it; to another fact of the same key, which one that was and what it did. */
const repeated = ({ of, first }: Extract<Outcome, { readonly is: 'duplicate' }>, factId: string): object =>
  of === factId
    ? { outcome: 'done' }
    : { outcome: 'duplicate', ...(of === undefined ? {} : { duplicate_of: of }), ...(first === undefined ? {} : { first }) }

/** What is wrong with a body, in its own version and then in the newest, in which the bounds are. */
function boundsOf(body: unknown, { event, version }: Message, registry: Registry): readonly FieldError[] {
  const known = version < (registry.event(event)?.versions.length ?? 0)
  // A version that is newer than this build cannot be judged here; it is parked.
  if (!known) return isEnvelope(body) ? [] : registry.outOfBounds(body, event)
  const errors = version === 0 && registry.event(event)?.versions.length === 1 ? [] : registry.invalid(body, event, version)
  return errors.length > 0 ? errors : registry.outOfBounds(isEnvelope(body) ? registry.toNewest(body, event) : body, event)
}

/** What the sender is told. 200 and 409 `rejected` are receipts; 202 is a promise; the rest is given back to the sender. */
function answer(outcome: Outcome, { factId }: Message, link: string): HttpAnswer {
  switch (outcome.is) {
    case 'done':
      return { status: 200, body: { outcome: 'done' } }
    case 'duplicate':
      return { status: 200, body: repeated(outcome, factId), headers: { 'idempotent-replay': 'true', 'idempotency-replayed': 'true' } }
    case 'parked':
      return { status: 202, body: { outcome: 'parked', waits_for: outcome.waitsFor } }
    case 'passed':
    case 'recorded':
      return { status: 202, body: { outcome: 'recorded' } }
    case 'rejected':
      throw new Problem('rejected', {
        detail: `refused for ever by the rule ${outcome.rule}`,
        extensions: { outcome: 'rejected', rule: outcome.rule },
      })
    case 'conflict':
      throw new Problem('idempotency_key_reused', {
        detail: `another fact has this business key on ${link}, with other content; the first stands`,
        extensions: { first: outcome.first, second: outcome.second },
      })
    case 'dead':
      throw new Problem('message_invalid', { detail: outcome.detail, extensions: { reason: outcome.code } })
  }
}
