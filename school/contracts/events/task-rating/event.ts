import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id } from '../../bounds.ts'
import v0 from './v0.ts'

/** The rating of a task as an outcome left it. Every value is kept with the outcome that produced it. */
export const TaskRating = defineEvent({
  name: 'TaskRating',
  service: 'hiring',
  topic: topicName('hiring', 'TaskRating'),
  partitions: 4,
  versions: [v0],
  bounds: envelopeBounds('TaskRating', { task_id: id, rating: { type: 'integer', minimum: 0, maximum: 100 }, outcome_id: id }),
  orderKey: payload => payload.task_id,
  businessKey: payload => `TaskRating:${payload.outcome_id}`,
})

export type TaskRating = MessageOf<typeof TaskRating>
