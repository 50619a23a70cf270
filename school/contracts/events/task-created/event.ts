import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id, text } from '../../bounds.ts'
import v0 from './v0.ts'

/** A manager wrote a task. */
export const TaskCreated = defineEvent({
  name: 'TaskCreated',
  service: 'management',
  topic: topicName('management', 'TaskCreated'),
  partitions: 4,
  versions: [v0],
  bounds: envelopeBounds('TaskCreated', { task_id: id, creator_id: id, title: text(300) }),
  orderKey: payload => payload.task_id,
  businessKey: payload => `TaskCreated:${payload.task_id}`,
})

export type TaskCreated = MessageOf<typeof TaskCreated>
