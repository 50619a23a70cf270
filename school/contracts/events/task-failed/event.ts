import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id } from '../../bounds.ts'
import v0 from './v0.ts'

/** A candidate gave a wrong answer: the outcome of this task for this candidate, for ever. */
export const TaskFailed = defineEvent({
  name: 'TaskFailed',
  service: 'hiring',
  topic: topicName('hiring', 'TaskFailed'),
  partitions: 4,
  versions: [v0],
  bounds: envelopeBounds('TaskFailed', { task_id: id, creator_id: id, candidate_id: id }),
  orderKey: payload => payload.task_id,
  businessKey: payload => `TaskFailed:${payload.task_id}:${payload.candidate_id}`,
})

export type TaskFailed = MessageOf<typeof TaskFailed>
