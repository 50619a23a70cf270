/**
 * The rating of a task, 0 to 100: the Laplace-smoothed share of wrong answers, so that a new task stands at 50 and a
 * harder task rates higher. `checks` counts all answers, `failed` the wrong ones.
 */
export const ratingOf = (failed: number, checks: number): number => Math.round((100 * (failed + 1)) / (checks + 2))

/** Right answers since the last edit after which a task is too easy and is withdrawn. */
export const solvedMax = 10
