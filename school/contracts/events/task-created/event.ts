import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id } from '../../bounds.ts'
import { optionalOfTitle, splitTitleBounds, withTitle } from '../../title.ts'
import v0 from './v0.ts'
import v1 from './v1.ts'

/** A manager wrote a task. */
export const TaskCreated = defineEvent({
  name: 'TaskCreated',
  service: 'management',
  topic: topicName('management', 'TaskCreated'),
  partitions: 4,
  versions: [v0, v1],
  lenses: [withTitle],
  bounds: envelopeBounds('TaskCreated', { task_id: id, creator_id: id, ...splitTitleBounds }, optionalOfTitle),
  orderKey: payload => payload.task_id,
  businessKey: payload => `TaskCreated:${payload.task_id}`,
})

export type TaskCreated = MessageOf<typeof TaskCreated>
