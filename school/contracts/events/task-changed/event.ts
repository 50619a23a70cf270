import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id, questions, taskText } from '../../bounds.ts'
import { optionalOfTitle, splitTitleBounds, withTitle } from '../../title.ts'
import v0 from './v0.ts'
import v1 from './v1.ts'

/** The whole task as hiring needs it, at every creation and edit. */
export const TaskChanged = defineEvent({
  name: 'TaskChanged',
  service: 'management',
  topic: topicName('management', 'TaskChanged'),
  partitions: 4,
  versions: [v0, v1],
  lenses: [withTitle],
  bounds: envelopeBounds('TaskChanged', { task_id: id, creator_id: id, ...splitTitleBounds, text: taskText, questions }, optionalOfTitle),
  orderKey: payload => payload.task_id,
  businessKey: (payload, revision) => `TaskChanged:${payload.task_id}:${revision}`,
})

export type TaskChanged = MessageOf<typeof TaskChanged>
