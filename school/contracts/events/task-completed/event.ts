import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id } from '../../bounds.ts'
import v0 from './v0.ts'

/** A candidate gave the right answer: the outcome of this task for this candidate, for ever. */
export const TaskCompleted = defineEvent({
  name: 'TaskCompleted',
  service: 'hiring',
  topic: topicName('hiring', 'TaskCompleted'),
  partitions: 4,
  versions: [v0],
  bounds: envelopeBounds('TaskCompleted', { task_id: id, creator_id: id, candidate_id: id }),
  orderKey: payload => payload.task_id,
  businessKey: payload => `TaskCompleted:${payload.task_id}:${payload.candidate_id}`,
})

export type TaskCompleted = MessageOf<typeof TaskCompleted>
