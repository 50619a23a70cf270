import type { Content, Decision } from '../receive/handler.ts'

export type PairVerdict = 'equal' | 'different' | 'missing' | 'extra' | 'late'

/** A side may be this much later than the other before an equal pair is called late. */
export const lateMs = 5_000
/** … and this much, before the other is called absent. A fact that comes after all is judged anew. */
export const absentMs = 30_000

/** What is known of one fact from both routes. */
export interface Pair {
  /** What HTTP did: `done`, `duplicate`, `rejected <rule>`; null while it has done nothing. */
  readonly acted: string | null
  readonly actedMs: number | null
  readonly recordedMs: number
  /** What the event would have had done, or why it could not be read. */
  readonly decision: Decision<Content> | { readonly do: 'fail'; readonly why: string }
  /** The effect that is there under the business key. */
  readonly found: Content | null
  readonly nowMs: number
}

export interface Judged {
  readonly verdict: PairVerdict
  readonly byHttp: Content | null
  readonly byEvent: Content | null
}

/**
 * Compares the effect that HTTP had with the one that the event would have had; null while it is too early to say.
 * Pure.
 */
export function judgePair({ acted, actedMs, recordedMs, decision, found, nowMs }: Pair): Judged | null {
  const byEvent = shown(decision)
  const young = nowMs - recordedMs < absentMs
  if (acted === null || actedMs === null) return young ? null : { verdict: 'extra', byHttp: null, byEvent }
  const byHttp: Content | null = acted.startsWith(refused) ? { rejected: acted.slice(refused.length) } : found
  // HTTP has not met what it waited for when it acted a moment ago; the event may still be waiting to hear of it.
  if (decision.do === 'wait' && young) return null
  if (!same(byHttp, byEvent)) return { verdict: 'different', byHttp, byEvent }
  return { verdict: Math.abs(recordedMs - actedMs) > lateMs ? 'late' : 'equal', byHttp, byEvent }
}

const refused = 'rejected '
const shown = (decision: Pair['decision']): Content => {
  switch (decision.do) {
    case 'apply':
      return decision.effect
    case 'reject':
      return { rejected: decision.rule }
    case 'wait':
      return { waits_for: decision.for }
    case 'fail':
      return { unreadable: decision.why }
  }
}

/** Every column of either side; a number that arrived as text equals the number that it spells. */
function same(one: Content | null, other: Content | null): boolean {
  if (one === null || other === null) return false
  const columns = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...columns].every(column => {
    const [a, b] = [one[column] ?? null, other[column] ?? null]
    return a === null || b === null ? a === b : String(a) === String(b)
  })
}
