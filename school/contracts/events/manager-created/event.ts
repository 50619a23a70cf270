import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id, personName } from '../../bounds.ts'
import v0 from './v0.ts'

/** The whole manager, at every creation and change. */
export const ManagerCreated = defineEvent({
  name: 'ManagerCreated',
  service: 'management',
  topic: topicName('management', 'ManagerCreated'),
  partitions: 4,
  versions: [v0],
  bounds: envelopeBounds('ManagerCreated', { manager_id: id, first_name: personName, last_name: personName, account_id: id }),
  orderKey: payload => payload.manager_id,
  businessKey: (payload, revision) => `ManagerCreated:${payload.manager_id}:${revision}`,
})

export type ManagerCreated = MessageOf<typeof ManagerCreated>
