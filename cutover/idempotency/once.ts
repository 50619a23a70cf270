import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { HttpAnswer, HttpRequest, RequestKey } from '../http/server.ts'
import type { RecordFact, Sender } from '../outbox/sender.ts'
import type { Clock } from '../process/clock.ts'
import type { Claim, IdempotencyStore, KeptAnswer } from './store.ts'

/**
 * Serves a writing request once. `work` runs in a transaction of the sender, as with `Sender.transaction`; what it answers
 * is kept under the request's key in the same transaction, and a repeat gets that answer again, marked
 * `Idempotency-Replayed`. Only an answer is kept: a request that was refused has changed nothing, leaves its key free, and
 * is judged anew. Without a key `work` simply runs.
 *
 * Throws `idempotency_key_reused` for a key that came with another request before, and `in_progress` when the first has not
 * ended in time.
 */
export type Once = (request: HttpRequest, work: (tx: Tx, record: RecordFact) => Promise<HttpAnswer>) => Promise<HttpAnswer>

/** How long a repeat waits for the answer to the first. Less than callers wait themselves. */
export const waitMs = 2_000
const lookMs = 25

export const openOnce = ({ sender, store, clock }: { sender: Sender; store: IdempotencyStore; clock: Clock }): Once =>
  async function once(request, work) {
    const { key } = request
    if (key === undefined) return sender.transaction(work)
    for (const until = clock.now() + waitMs; ;) {
      const answer = await sender.transaction((tx, record) => answerIn(tx, record, store, key, work))
      if (answer !== 'running') return answer
      if (clock.now() >= until || request.signal.aborted) throw inProgress()
      // Outside any transaction, so that who waits holds neither the switch nor a connection.
      await clock.sleep(lookMs, request.signal)
    }
  }

async function answerIn(
  tx: Tx,
  record: RecordFact,
  store: IdempotencyStore,
  key: RequestKey,
  work: (tx: Tx, record: RecordFact) => Promise<HttpAnswer>,
): Promise<HttpAnswer | 'running'> {
  const claim = await store.claim(tx, key)
  if (claim === 'running') return claim
  if (claim !== 'claimed') return repeated(claim, key)
  const answer = await work(tx, record)
  await store.keep(tx, key, kept(answer))
  return answer
}

/** The header of a repeat, by both of its names. */
const replayed = { 'idempotency-replayed': 'true', 'idempotent-replay': 'true' }

const kept = ({ status, headers = {}, body }: HttpAnswer): KeptAnswer => ({
  status: status ?? (body === undefined ? 204 : 200),
  headers,
  body: body === undefined ? null : JSON.stringify(body),
})

function repeated({ fingerprint, answer }: Exclude<Claim, string>, key: RequestKey): HttpAnswer {
  if (!fingerprint.equals(key.fingerprint)) {
    throw new Problem('idempotency_key_reused', {
      detail: `this Idempotency-Key came with another ${key.operation} before, which stands; send a new key with a new request`,
    })
  }
  const { status, headers, body } = answer
  return {
    status,
    headers: { ...headers, ...replayed },
    ...(body === null ? {} : { body: JSON.parse(body) as unknown }),
  }
}

const inProgress = (): Problem =>
  new Problem('in_progress', {
    detail: `the first request with this Idempotency-Key has not ended within ${waitMs / 1_000} seconds; ask again with the same key`,
    retryable: true,
  })
