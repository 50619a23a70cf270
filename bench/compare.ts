import type { Goal } from './goals.ts'

/** Something that is measured. All of a comparison do the same work, each in databases of its own. */
export interface Contender {
  readonly name: string
  /** Its SQL, printed, so that a reader can judge whether it is tuned as ours is. */
  readonly sql?: string
  /** Not timed: what one run needs. */
  prepare(): Promise<void>
  /** Timed by itself. Resolves with events per second. */
  run(): Promise<number>
}

export interface Comparison {
  readonly title: string
  readonly ours: Contender
  readonly others: readonly (Contender & { readonly goal: Goal })[]
}

export interface Measured {
  readonly title: string
  readonly ours: { readonly name: string; readonly perSecond: number }
  readonly others: readonly {
    readonly name: string
    readonly perSecond: number
    /** Median of the ratios within each round, and the lowest and highest of them. */
    readonly ratio: number
    readonly lowest: number
    readonly highest: number
    readonly goal: Goal
  }[]
}

/**
 * Runs all contenders in turn, round after round, in an order that turns with the round; the first round warms up and
 * does not count. The machine's mood changes from minute to minute, so only ratios within a round are compared.
 */
export async function measure(comparison: Comparison, rounds: number, settle: () => Promise<void>): Promise<Measured> {
  const contenders: readonly Contender[] = [comparison.ours, ...comparison.others]
  const rates = new Map<Contender, number[]>(contenders.map(one => [one, []]))
  for (let round = 0; round <= rounds; round++) {
    const turned = contenders.map((_, index) => contenders[(index + round) % contenders.length] as Contender)
    for (const contender of turned) {
      await contender.prepare()
      await settle()
      const rate = await contender.run()
      if (round > 0) rates.get(contender)?.push(rate)
    }
  }
  const of = (contender: Contender): number[] => rates.get(contender) ?? []
  return {
    title: comparison.title,
    ours: { name: comparison.ours.name, perSecond: median(of(comparison.ours)) },
    others: comparison.others.map(other => {
      const ratios = of(other).map((rate, round) => (of(comparison.ours)[round] ?? Number.NaN) / rate)
      return {
        name: other.name,
        perSecond: median(of(other)),
        ratio: median(ratios),
        lowest: Math.min(...ratios),
        highest: Math.max(...ratios),
        goal: other.goal,
      }
    }),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}
