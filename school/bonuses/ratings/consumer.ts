import type { Handler } from 'cutover/receive/handler'
import { wake } from 'cutover/service'
import type { TaskRating } from '../../contracts/events/task-rating/event.ts'

interface Rating {
  readonly outcomeId: string
  readonly taskId: string
  readonly rating: number
}

/** COMM-060 by event: keeps every rating with the outcome that produced it, and brings back the credits that wait for it. */
export const onTaskRating: Handler<TaskRating, null, Rating> = {
  versions: [0],
  lookup: async () => null,
  decide(message) {
    const { outcome_id: outcomeId, task_id: taskId, rating } = message.envelope.payload
    if (rating < 0 || rating > 100) return { do: 'reject', rule: 'rating_range' }
    return { do: 'apply', effect: { outcomeId, taskId, rating } }
  },
  async apply(effects, tx) {
    const ids = effects.map(one => one.effect.outcomeId)
    const { rows } = await tx.query<{ outcome_id: string }>(
      `insert into rating (outcome_id, task_id, rating) select * from unnest($1::uuid[], $2::text[], $3::int[])
       on conflict do nothing returning outcome_id`,
      [ids, effects.map(one => one.effect.taskId), effects.map(one => one.effect.rating)],
    )
    await wake(
      tx,
      ids.map(id => `rating:${id}`),
    )
    const stored = new Set(rows.map(row => row.outcome_id))
    if (stored.size === ids.length) return effects.map(() => ({ outcome: 'done' }))
    const { rows: there } = await tx.query<{ outcome_id: string; rating: number }>(
      'select outcome_id, rating from rating where outcome_id = any($1::uuid[])',
      [ids],
    )
    const first = new Map(there.map(row => [row.outcome_id, row.rating]))
    return effects.map(({ effect }) => {
      if (stored.has(effect.outcomeId)) return { outcome: 'done' }
      if (first.get(effect.outcomeId) === effect.rating) return { outcome: 'duplicate' }
      return { outcome: 'conflict', first: `rating ${first.get(effect.outcomeId)}`, second: `rating ${effect.rating}` }
    })
  },
}
