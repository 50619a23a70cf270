import { defineEvent, type MessageOf, topicName } from 'cutover/contract'
import { envelopeBounds, id, personName } from '../../bounds.ts'
import v0 from './v0.ts'

/** A candidate registered. */
export const CandidateRegistered = defineEvent({
  name: 'CandidateRegistered',
  service: 'hiring',
  topic: topicName('hiring', 'CandidateRegistered'),
  partitions: 4,
  versions: [v0],
  bounds: envelopeBounds('CandidateRegistered', { candidate_id: id, name: personName }),
  orderKey: payload => payload.candidate_id,
  businessKey: (payload, revision) => `CandidateRegistered:${payload.candidate_id}:${revision}`,
})

export type CandidateRegistered = MessageOf<typeof CandidateRegistered>
