/** The name of a period: a year and a month, such as 2026-11. */
export const periodId = { type: 'string', minLength: 7, maxLength: 7, pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$' } as const

/** The period that opens when this one is closed: the next month, whatever the calendar says by then. */
export function periodAfter(period: string): string {
  const [year = 0, month = 0] = period.split('-').map(Number)
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(period)) throw new Error('a period is a year and a month, such as 2026-11')
  return month === 12 ? `${String(year + 1).padStart(4, '0')}-01` : `${String(year).padStart(4, '0')}-${String(month + 1).padStart(2, '0')}`
}

/** The business key of what a closing owes to an account: one pay-out for each, for ever. */
export const payoutKey = (period: string, account: string): string => `Payout:${period}:${account}`
