/** One side of a comparison: runs once, in a database of its own, and resolves with operations per second. */
export interface Side {
  readonly name: string
  run(): Promise<number>
}

export interface Comparison {
  readonly title: string
  readonly ours: Side
  readonly baseline: Side
  /** Ours divided by the baseline: below the floor something is wrong, the aim is what we want. */
  readonly floor: number
  readonly aim: number
}

export interface Result {
  readonly comparison: Comparison
  readonly ours: number
  readonly baseline: number
  readonly ratio: number
}

const rounds = 3

/** Runs both sides in turn, and compares the medians: machines drift, and both sides drift with them. */
export async function compare(comparison: Comparison): Promise<Result> {
  const ours: number[] = []
  const baseline: number[] = []
  for (let round = 0; round < rounds; round++) {
    baseline.push(await comparison.baseline.run())
    ours.push(await comparison.ours.run())
  }
  return { comparison, ours: median(ours), baseline: median(baseline), ratio: median(ours) / median(baseline) }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

/** `count` calls over `workers` loops at once; operations per second. */
export async function perSecond(count: number, workers: number, work: (n: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let n = next++; n < count; n = next++) await work(n)
    }),
  )
  return count / ((performance.now() - began) / 1_000)
}
