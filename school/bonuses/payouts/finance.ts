import { type HttpClient, Unreachable } from 'cutover/http/client'
import { Problem } from 'cutover/failure'
import { type Payment, paymentIn, payoutPaths } from '../../contracts/http/payout.ts'
import { type Answer, type Owed, readAnswer } from './answer.ts'

/** The finance service outside. */
export interface Finance {
  /** Asks for a pay-out under its key. Never throws: what went wrong is an answer too. */
  pay(owed: Owed): Promise<Answer>
  /** What it says that it has paid for a period, in the order of keys. Throws `unavailable` when it does not say. */
  paid(period: string): AsyncGenerator<readonly Payment[]>
}

const pageSize = 200
/** For one page of what was paid. */
const readDeadlineMs = 5_000

export const openFinance = (client: HttpClient): Finance => ({
  async pay(owed) {
    const { key, period, account, amount } = owed
    try {
      const { status, body } = await client.request({
        method: 'POST',
        path: payoutPaths.payouts,
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ period, account, amount }),
      })
      return readAnswer(owed, status, body)
    } catch (error) {
      if (error instanceof Unreachable) return { is: 'unknown', reason: error.message }
      return { is: 'unknown', reason: error instanceof Error ? error.message : String(error) }
    }
  },
  async *paid(period) {
    for (let after = ''; ;) {
      const query = new URLSearchParams({ period, limit: String(pageSize), ...(after === '' ? {} : { after }) })
      const page = await ask(client, `${payoutPaths.payouts}?${query.toString()}`)
      yield page.payments
      if (page.next === null) return
      if (page.next === after) throw away('its pages do not go on')
      after = page.next
    }
  },
})

const away = (why: string, cause?: unknown): Problem =>
  new Problem('unavailable', { detail: `the finance service does not say what it has paid (${why}); ask again`, retryable: true, cause })

async function ask(client: HttpClient, path: string): Promise<{ payments: readonly Payment[]; next: string | null }> {
  const { status, body } = await client.request({ method: 'GET', path, deadlineMs: readDeadlineMs }).catch((error: unknown) => {
    throw away(error instanceof Error ? error.message : String(error), error)
  })
  if (status !== 200) throw away(`it answered ${status}`)
  let answer: { payments?: unknown; next?: unknown }
  try {
    answer = (JSON.parse(body) ?? {}) as typeof answer
  } catch (cause) {
    throw away('its answer is no JSON', cause)
  }
  const { payments, next } = answer
  const read = Array.isArray(payments) ? payments.map(paymentIn) : [null]
  if (read.includes(null) || !(next === null || typeof next === 'string')) throw away('its answer is not a list of payments')
  return { payments: read as readonly Payment[], next }
}
