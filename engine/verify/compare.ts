import type { Content, Expectation, Row } from './expectation.ts'

/** What the rows of one key say about one fact. */
export type Judgement =
  | { readonly is: 'equal' }
  | { readonly is: 'absent' }
  | { readonly is: 'double'; readonly surplus: number; readonly detail: string }
  | { readonly is: 'different'; readonly detail: string }

/** Judges a fact by all effects that were found under its key. */
export function judge(fact: Row, effects: readonly Row[], expectation: Expectation): Judgement {
  const [first, ...others] = effects
  if (first === undefined) return { is: 'absent' }
  if (others.length > 0) {
    return {
      is: 'double',
      surplus: others.length,
      detail: `${effects.length} effects for one fact: ${effects.map(({ content }) => JSON.stringify(content)).join(' and ')}`,
    }
  }
  const differences = differencesOf(expectation.expected(fact, first), first.content)
  return differences.length === 0 ? { is: 'equal' } : { is: 'different', detail: differences.join('; ') }
}

/** Columns whose value is not the expected one. An int8 that arrived as text equals the number that it spells. */
function differencesOf(expected: Content, actual: Content): string[] {
  return Object.entries(expected).flatMap(([column, wanted]) => {
    const found = actual[column]
    if (found === undefined) return [`${column} is absent, expected ${show(wanted)}`]
    return (wanted === null ? found === null : found !== null && String(found) === String(wanted))
      ? []
      : [`${column} is ${show(found)}, expected ${show(wanted)}`]
  })
}

const show = (value: string | number | null): string => JSON.stringify(value)

/** Where a fact without an effect stands, by what the receiver and the sender's outbox say about it. */
export type Fate = 'has_receipt' | 'rejected' | 'parked' | 'dead' | 'on_its_way' | 'lost'

export interface Whereabouts {
  /** Outcome by fact id. */
  readonly receipts: Readonly<Record<string, string>>
  readonly parked: ReadonlySet<string>
  readonly dead: ReadonlySet<string>
  /** Facts that have an outbox row at the sender. */
  readonly carried: ReadonlySet<string>
}

export function fateOf(factId: string | null, known: Whereabouts): Fate {
  if (factId === null) return 'lost'
  const outcome = known.receipts[factId]
  if (outcome === 'rejected' || outcome === 'written_off') return 'rejected'
  if (outcome !== undefined) return 'has_receipt'
  if (known.dead.has(factId)) return 'dead'
  if (known.parked.has(factId)) return 'parked'
  return known.carried.has(factId) ? 'on_its_way' : 'lost'
}

/**
 * The effects of the cut, by key. Holds one row per key until its fact has come by, then a mark only, so that a
 * million rows fit. The keys are counted here: no unique key of the receiver is trusted.
 */
export interface Effects {
  add(row: Row): void
  /** What to make of a fact: settled at once, or read again before it is said that something is wrong. */
  meet(fact: Row, expectation: Expectation): 'equal' | 'repeated' | 'absent' | 'suspect'
  /** Keys that no fact has met, with their number of effects. */
  unmet(): Iterable<readonly [key: string, count: number]>
}

export function gatherEffects(): Effects {
  const byKey = new Map<string, Row | number | 'met'>()
  return {
    add(row) {
      const before = byKey.get(row.key)
      byKey.set(row.key, before === undefined ? row : typeof before === 'number' ? before + 1 : 2)
    },
    meet(fact, expectation) {
      const effect = byKey.get(fact.key)
      byKey.set(fact.key, 'met')
      if (effect === 'met') return 'repeated'
      if (effect === undefined) return 'absent'
      return typeof effect === 'object' && judge(fact, [effect], expectation).is === 'equal' ? 'equal' : 'suspect'
    },
    *unmet() {
      for (const [key, effect] of byKey) if (effect !== 'met') yield [key, typeof effect === 'number' ? effect : 1]
    },
  }
}
