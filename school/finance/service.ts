import type { Database } from 'cutover/database'
import { extendProblems, Problem } from 'cutover/failure'
import type { HttpClient } from 'cutover/http/client'
import type { HttpAnswer, HttpRequest, RouteDefinition } from 'cutover/http/server'
import type { Clock, Random } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { Running } from 'cutover/process'
import { closed, pageLimit } from '../contracts/bounds.ts'
import { type Payment, payoutPaths, type PayoutRequest, payoutRequestBody } from '../contracts/http/payout.ts'
import { problems } from '../contracts/problems.ts'
import { type Behaviour, modeNames, next, tell, told } from './behaviour.ts'
import { paidFor, paidUnder, pay } from './payments.ts'

extendProblems(problems)

export interface FinancePorts {
  readonly database: Database
  /** Where what was paid is confirmed. */
  readonly bonuses: HttpClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** How late a late payment is. */
  readonly lateMs: number
}

const acceptedAnswer: HttpAnswer = { status: 202, body: { outcome: 'accepted' } }

/** A caller who is not answered is held for this long at the most. */
const silenceMs = 30_000

/**
 * A stand-in for the finance service outside: pays once per Idempotency-Key and remembers it in a database of its own.
 * It can be told to misbehave, in each of the ways in which such a service does.
 */
export function openFinance({ database, bonuses, clock, random, log, lateMs }: FinancePorts): {
  routes: RouteDefinition[]
  running: Running
} {
  const stopping = new AbortController()
  const later = new Set<Promise<void>>()
  // What is accepted is neither refused nor accepted twice. A stand-in that is killed forgets it, and the payment with it.
  const accepted = new Set<string>()

  async function once(key: string, request: PayoutRequest, amount = request.amount): Promise<HttpAnswer & { readonly payment: Payment }> {
    const paid = await pay(database, key, request, amount, random)
    if (paid === null)
      throw new Problem('idempotency_key_reused', { detail: 'something else was paid under this key; what was paid first stands' })
    const { payment, repeated } = paid
    return {
      status: 200,
      body: { outcome: 'paid', ...payment },
      payment,
      ...(repeated ? { headers: { 'idempotent-replay': 'true' } } : {}),
    }
  }

  async function confirm(payment: Payment): Promise<void> {
    const { status } = await bonuses.request({
      method: 'POST',
      path: payoutPaths.confirmations,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payment),
    })
    log.info({ status }, 'finance: confirmed a payment')
  }

  /** What happens after the answer. A failure loses nothing: whoever waits for the payment asks again. */
  function afterwards(work: () => Promise<void>): void {
    const task: Promise<void> = work()
      .catch(error => log.debug({ err: error }, 'finance: something after an answer failed; it is asked again'))
      .finally(() => later.delete(task))
    later.add(task)
  }

  async function answer(request: HttpRequest): Promise<HttpAnswer> {
    const key = keyOf(request)
    const asked = request.body as PayoutRequest
    const mode = await next(database)
    if (accepted.has(key)) return acceptedAnswer
    switch (mode) {
      case 'pays':
        return once(key, asked)
      case 'fails':
        throw new Problem('finance_failed', { detail: 'this stand-in was told to fail; nothing was paid', retryable: true })
      case 'silent':
        await once(key, asked)
        await clock.sleep(silenceMs, AbortSignal.any([request.signal, stopping.signal]))
        throw new Problem('finance_failed', { detail: 'this stand-in was told to be silent', retryable: true })
      case 'twice': {
        const { payment, ...paid } = await once(key, asked)
        afterwards(() => confirm(payment))
        afterwards(() => confirm(payment))
        return paid
      }
      case 'late':
        accepted.add(key)
        afterwards(async () => {
          try {
            await clock.sleep(lateMs, stopping.signal)
            if (!stopping.signal.aborted) await confirm((await once(key, asked)).payment)
          } finally {
            accepted.delete(key)
          }
        })
        return acceptedAnswer
      case 'refuses':
        // What was paid cannot be refused any more.
        if ((await paidUnder(database, key)) !== null) return once(key, asked)
        throw new Problem('payout_refused', { detail: 'this stand-in was told to refuse; nothing was paid' })
      case 'short':
        return once(key, asked, asked.amount - 1)
    }
  }

  const routes: RouteDefinition[] = [
    {
      method: 'POST',
      path: payoutPaths.payouts,
      operationId: 'pay',
      repeats: { key: 'required' },
      summary: 'Pays an amount to an account, once per Idempotency-Key.',
      policy: { services: ['bonuses'] },
      body: payoutRequestBody,
      handle: answer,
    },
    {
      method: 'GET',
      path: payoutPaths.payouts,
      operationId: 'listPayments',
      summary: 'What was paid for a period, by key, from after `after`.',
      policy: { services: ['bonuses'] },
      query: {
        type: 'object',
        additionalProperties: false,
        required: ['period'],
        properties: {
          period: payoutRequestBody.properties.period,
          after: { type: 'string', maxLength: 200 },
          limit: pageLimit,
        },
      },
      async handle({ query }) {
        const limit = Number(query['limit'] ?? 50)
        const payments = await paidFor(database, String(query['period']), (query['after'] as string | undefined) ?? '', limit)
        return { body: { payments, next: payments.length === limit ? (payments.at(-1)?.key ?? null) : null } }
      },
    },
    {
      method: 'GET',
      path: '/operator/behaviour',
      operationId: 'getBehaviour',
      summary: 'How the calls to come are answered.',
      policy: 'operator',
      tags: ['operator'],
      handle: async () => ({ body: await told(database) }),
    },
    {
      method: 'POST',
      path: '/operator/behaviour',
      operationId: 'tellBehaviour',
      repeats: { noKey: 'repeating the order changes nothing' },
      summary: 'Tells this stand-in how to answer the calls to come; after `calls` of them (null: for good) it pays again.',
      policy: 'operator',
      tags: ['operator'],
      body: closed({
        mode: { enum: modeNames },
        calls: { anyOf: [{ type: 'integer', minimum: 1, maximum: 1_000_000 }, { type: 'null' }] },
      }),
      async handle(request) {
        await tell(database, request.body as Behaviour)
        return { body: await told(database) }
      },
    },
  ]
  const running: Running = {
    name: 'after answers',
    start: async () => undefined,
    async stop() {
      stopping.abort()
      await Promise.all(later)
    },
  }
  return { routes, running }
}

function keyOf(request: HttpRequest): string {
  const key = request.headers['idempotency-key']
  if (key === undefined) throw new Problem('idempotency_key_missing', { detail: 'send the business key of the pay-out as Idempotency-Key' })
  if (!/^[!-~]{1,200}$/.test(key))
    throw new Problem('idempotency_key_format', { detail: 'Idempotency-Key must be 1 to 200 visible ASCII characters' })
  return key
}
