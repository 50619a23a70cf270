import { defineReplica } from 'cutover/replica'
import { type Rating, ratingIn } from '../../contracts/http/rating.ts'

/** COMM-060: the rating of a task as each outcome left it. The outcome names it; the task is where hiring is asked. */
export const ratings = defineReplica<Rating>({
  link: 'COMM-060',
  table: 'rating',
  key: ['outcome_id', 'task_id'],
  columns: { outcome_id: 'uuid', task_id: 'text', rating: 'integer' },
  read: ratingIn,
  path: ([outcome = '', task = '']) => `/tasks/${encodeURIComponent(task)}/rating?outcome=${encodeURIComponent(outcome)}`,
})

/** The key of an outcome's rating. */
export const ratingKey = (outcomeId: string, taskId: string): string => `${outcomeId}:${taskId}`
