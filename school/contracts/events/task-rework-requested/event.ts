import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id } from '../../bounds.ts'
import v0 from './v0.ts'

/** A task has become too easy and was withdrawn; somebody is to make it harder. */
export const TaskReworkRequested = defineEvent({
  name: 'TaskReworkRequested',
  service: 'hiring',
  topic: topicName('hiring', 'TaskReworkRequested'),
  partitions: 4,
  versions: [v0],
  bounds: envelopeBounds('TaskReworkRequested', { task_id: id, solved_count: { type: 'integer', minimum: 1 } }),
  orderKey: payload => payload.task_id,
  businessKey: (payload, revision) => `TaskReworkRequested:${payload.task_id}:${revision}`,
})

export type TaskReworkRequested = MessageOf<typeof TaskReworkRequested>
