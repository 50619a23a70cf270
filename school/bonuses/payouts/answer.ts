import { type Payment, paymentIn } from '../../contracts/http/payout.ts'

/** What a closing owes to an account, in minor units; the key is the same for ever. */
export interface Owed {
  readonly key: string
  readonly period: string
  readonly account: string
  readonly amount: number
}

/** What asking the finance service has brought. */
export type Answer =
  | { readonly is: 'paid'; readonly payment: Payment }
  /** It will be paid later; asked again with the same key, which brings the same payment. */
  | { readonly is: 'accepted' }
  /** Refused for good: nothing was paid, and asking again by itself changes nothing. */
  | { readonly is: 'refused'; readonly reason: string }
  /** It says that the key stands for something else. */
  | { readonly is: 'contradicted'; readonly detail: string }
  /** Nothing is known: not sent, no answer, a failure, or words that nobody understands. It may have been paid. */
  | { readonly is: 'unknown'; readonly reason: string }

// A token that is refused, or a path that is missing, is a deployment's fault; the rest says "not now".
const notNow = [401, 403, 404, 405, 408, 410, 413, 415, 429]
const reasonLengthMax = 200

/** What a status and a body say about what was asked: pure. Whatever is not understood is not known. */
export function readAnswer(owed: Owed, status: number, body: string): Answer {
  const document = readObject(body)
  const said = (name: string): string =>
    typeof document[name] === 'string'
      ? document[name]
          .replaceAll(/\p{C}+/gu, ' ')
          .toWellFormed()
          .slice(0, reasonLengthMax)
      : ''
  if (status === 202) return { is: 'accepted' }
  if (status === 200 || status === 201) {
    const payment = paymentIn(document)
    return payment !== null && payment.key === owed.key && payment.period === owed.period && payment.account === owed.account
      ? { is: 'paid', payment }
      : { is: 'unknown', reason: `answered ${status} with something else than this payment` }
  }
  const code = said('code') || `http_${status}`
  if (code === 'idempotency_key_reused') return { is: 'contradicted', detail: 'the finance service has used this key for something else' }
  if (status >= 400 && status < 500 && !notNow.includes(status))
    return { is: 'refused', reason: [code, said('detail')].filter(part => part !== '').join(': ') }
  return { is: 'unknown', reason: `answered ${status} ${code}` }
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

export const states = ['pending', 'confirmed', 'refused', 'carried', 'conflict'] as const
export type State = (typeof states)[number]

/** What a payment means for the pay-out that it names. */
export type Settlement = { readonly do: 'book' } | { readonly do: 'nothing' } | { readonly do: 'contradict'; readonly conflict: string }

/**
 * The rule: pure. The first payment of the right amount is booked; the same again changes nothing; anything else is shown
 * and changes no money. What was refused may turn out to be paid, unless its amount has gone into a later closing.
 */
export function settlementOf(state: State, owed: number, paid: number): Settlement {
  if (paid !== owed) return { do: 'contradict', conflict: `the finance service says that it has paid ${paid}, owed is ${owed}` }
  if (state === 'confirmed') return { do: 'nothing' }
  if (state !== 'carried') return { do: 'book' }
  return {
    do: 'contradict',
    conflict: `the finance service says that it has paid ${paid}, which was refused and carried into a later closing`,
  }
}
