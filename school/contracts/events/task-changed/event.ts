import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id, questions, taskText, text } from '../../bounds.ts'
import v0 from './v0.ts'

/** The whole task as hiring needs it, at every creation and edit. */
export const TaskChanged = defineEvent({
  name: 'TaskChanged',
  service: 'management',
  topic: topicName('management', 'TaskChanged'),
  partitions: 4,
  versions: [v0],
  bounds: envelopeBounds('TaskChanged', { task_id: id, creator_id: id, title: text(300), text: taskText, questions }),
  orderKey: payload => payload.task_id,
  businessKey: (payload, revision) => `TaskChanged:${payload.task_id}:${revision}`,
})

export type TaskChanged = MessageOf<typeof TaskChanged>
