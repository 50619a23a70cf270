/** A ratio to reach: below the floor something is wrong, at the aim it is as good as we know how. */
export interface Goal {
  readonly floor: number
  readonly aim: number
}

/** Ratios of ours to the baseline, of events per second. Absolute figures of one machine say nothing about another. */
export const goals = {
  appendInTransaction: { floor: 0.65, aim: 0.8 },
  publishSingly: { floor: 0.8, aim: 0.95 },
  relayAndDrain: { floor: 1.0, aim: 1.7 },
  ledgerAgainstNaive: { floor: 1.1, aim: 1.5 },
  kafkaAgainstClient: { floor: 0.6, aim: 0.9 },
  ledgerAgainstFused: { floor: 0.8, aim: 1.0 },
} as const satisfies Record<string, Goal>

export const verdict = (ratio: number, { floor, aim }: Goal): string =>
  ratio >= aim ? 'at the aim' : ratio >= floor ? 'above the floor' : 'BELOW THE FLOOR'
