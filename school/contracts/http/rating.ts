/** What COMM-060 answers by HTTP, and what the event says: the rating of a task as an outcome left it. It never changes. */
export type Rating = {
  readonly outcome_id: string
  readonly task_id: string
  readonly rating: number
}

/** Another service's word is input like any other: the rating in it, or null. */
export function ratingIn(value: unknown): Rating | null {
  const { outcome_id, task_id, rating } = (value ?? {}) as Partial<Rating>
  return typeof outcome_id === 'string' &&
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(outcome_id) &&
    typeof task_id === 'string' &&
    /^[A-Za-z0-9_-]{1,64}$/.test(task_id) &&
    Number.isInteger(rating) &&
    (rating as number) >= 0 &&
    (rating as number) <= 100
    ? { outcome_id, task_id, rating: rating as number }
    : null
}
