import type { Database } from 'cutover/database'
import { type Audit, auditOver } from 'cutover/service'

const taskAndCandidate = [
  { column: 'task_id', type: 'text' },
  { column: 'candidate_id', type: 'text' },
] as const
const taskAndRevision = [
  { column: 'task_id', type: 'text' },
  { column: 'revision', type: 'bigint' },
] as const

const outcomes = (database: Database, link: string, outcome: string): Audit =>
  auditOver(database, {
    link,
    side: 'fact',
    from: `assignment join task using (task_id) where outcome = '${outcome}'`,
    cursor: { column: 'assignment_id', type: 'text' },
    key: taskAndCandidate,
    factId: 'outcome_id',
    content: { creator_id: 'creator_id', rating: 'rating' },
  })

/** What hiring's business rows say happened; none of it is read from the outbox. */
export const hiringAudits = (database: Database): Audit[] => [
  outcomes(database, 'COMM-040', 'completed'),
  outcomes(database, 'COMM-050', 'failed'),
  auditOver(database, {
    link: 'COMM-030',
    side: 'fact',
    from: 'withdrawal where true',
    cursor: { column: `(task_id || ':' || revision)`, type: 'text' },
    key: taskAndRevision,
    factId: 'fact_id',
    content: { solved_count: 'solved_count' },
  }),
]
