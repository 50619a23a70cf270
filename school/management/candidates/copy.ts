import { defineReplica } from 'cutover/replica'
import { type Candidate, candidateIn, candidatesIn } from '../../contracts/http/candidate.ts'

/** COMM-090: candidates as hiring knows them, for managers who look for somebody to give a task to. */
export const candidates = defineReplica<Candidate>({
  link: 'COMM-090',
  table: 'candidate',
  key: ['candidate_id'],
  columns: { candidate_id: 'text', name: 'text' },
  read: candidateIn,
  path: ([id = '']) => `/candidates/${encodeURIComponent(id)}`,
  list: {
    path: (after, limit) => `/candidates?limit=${limit}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`,
    rows: candidatesIn,
  },
})
