import { closed, id } from '../bounds.ts'

// Bonuses and the finance service outside. Bonuses asks for a pay-out with its business key as Idempotency-Key; the answer
// is 200 with the payment, 202 when it will be paid later, or a refusal. The finance service confirms what it has paid
// later by itself, and again whenever it likes.

/** What the finance service is asked to pay, in minor units. */
export type PayoutRequest = { readonly period: string; readonly account: string; readonly amount: number }

/** What it says that it has paid. */
export type Payment = PayoutRequest & {
  readonly key: string
  /** Its own name of the payment. */
  readonly reference: string
}

export const payoutPaths = { payouts: '/payouts', confirmations: '/payouts/confirmations' } as const

const period = { type: 'string', minLength: 7, maxLength: 7, pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$' } as const
const amount = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
export const payoutRequestBody = closed({ period, account: id, amount: { ...amount, minimum: 1 } })
export const paymentBody = closed({
  period,
  account: id,
  amount,
  key: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[!-~]+$' },
  reference: id,
})

/** Another service's word is input like any other: the payment in it, or null. */
export function paymentIn(value: unknown): Payment | null {
  const { key, period, account, amount, reference } = (value ?? {}) as Partial<Payment>
  return typeof key === 'string' &&
    /^[!-~]{1,200}$/.test(key) &&
    typeof period === 'string' &&
    /^[0-9]{4}-(0[1-9]|1[0-2])$/.test(period) &&
    isId(account) &&
    isId(reference) &&
    Number.isSafeInteger(amount) &&
    (amount as number) >= 0
    ? { key, period, account, amount: amount as number, reference }
    : null
}

const isId = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)
