import type { SourceDefinition } from 'cutover/snapshot'
import { CandidateRegistered } from '../contracts/events/candidate-registered/event.ts'
import { TaskRating } from '../contracts/events/task-rating/event.ts'

/** COMM-090: the candidates. */
export const candidateSource: SourceDefinition = {
  links: { 'COMM-090': ['candidate_id', 'name'] },
  event: CandidateRegistered,
  from: 'candidate where true',
  table: 'candidate',
  cursor: { column: 'candidate_id', type: 'text' },
  key: [{ column: 'candidate_id', type: 'text' }],
  columns: { candidate_id: 'candidate_id', name: 'name' },
  revision: 'revision',
  removed: null,
}

/** COMM-060: the rating that each outcome left. It never changes. */
export const ratingSource: SourceDefinition = {
  links: { 'COMM-060': ['outcome_id', 'task_id', 'rating'] },
  event: TaskRating,
  from: 'assignment where outcome_id is not null',
  table: 'assignment',
  cursor: { column: 'outcome_id', type: 'uuid' },
  key: [
    { column: 'outcome_id', type: 'uuid' },
    { column: 'task_id', type: 'text' },
  ],
  columns: { outcome_id: 'outcome_id', task_id: 'task_id', rating: 'rating' },
  revision: null,
  removed: null,
}
