import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import type { Once } from 'cutover/service'
import { closed, id, pageLimit } from '../../contracts/bounds.ts'
import { type Payment, paymentBody, payoutPaths } from '../../contracts/http/payout.ts'
import { payoutKey, periodId } from '../periods/period.ts'
import { type State, states } from './answer.ts'
import { payouts, retry, settle } from './payouts.ts'

const outcomes = { book: 'booked', nothing: 'repeated', contradict: 'conflict' } as const

export const payoutRoutes = (database: Database, once: Once): RouteDefinition[] => [
  {
    method: 'GET',
    path: '/periods/{id}/payouts',
    operationId: 'listPayouts',
    summary: 'What the closing of a period owes to accounts, and what came of it.',
    policy: { persons: ['finance'] },
    params: closed({ id: periodId }),
    query: {
      type: 'object',
      additionalProperties: false,
      properties: { state: { enum: states }, after: { type: 'string', maxLength: 200 }, limit: pageLimit },
    },
    async handle({ params, query }) {
      const limit = Number(query['limit'] ?? 50)
      const state = query['state'] as State | undefined
      const wanted = { period: String(params['id']), after: (query['after'] as string | undefined) ?? '', limit }
      const rows = await payouts(database, state === undefined ? wanted : { ...wanted, state })
      return { body: { payouts: rows, next: rows.length === limit ? (rows.at(-1)?.key ?? null) : null } }
    },
  },
  {
    method: 'POST',
    path: '/periods/{id}/payouts/{account}/retry',
    operationId: 'retryPayout',
    repeats: { key: 'accepted' },
    summary: 'Lets a pay-out that was refused, or that is in conflict, be asked for again under its own key.',
    policy: { persons: ['finance'] },
    params: closed({ id: periodId, account: id }),
    handle: request =>
      once(request, async tx => {
        const { params, caller } = request
        const by = caller?.kind === 'person' ? caller.subject : ''
        return { body: await retry(tx, payoutKey(String(params['id']), String(params['account'])), by) }
      }),
  },
  {
    method: 'POST',
    path: payoutPaths.confirmations,
    operationId: 'confirmPayout',
    repeats: { noKey: 'a payment has the key of its pay-out: the same again is answered as repeated' },
    summary: 'The finance service says that it has paid; the same again changes nothing.',
    policy: { services: ['finance'] },
    body: paymentBody,
    async handle({ body }) {
      const payment = body as Payment
      const settled = payment.key === payoutKey(payment.period, payment.account) ? await settle(database, payment) : null
      if (settled === null) throw new Problem('payout_unknown', { detail: 'there is no pay-out of this key, period and account' })
      return { body: { outcome: outcomes[settled] } }
    },
  },
]
