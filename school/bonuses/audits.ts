import type { Database } from 'cutover/database'
import type { Audit } from 'cutover/service'
import { auditOver } from '../audit-sql.ts'

const booked = { creator_id: 'creator_id', rating: 'rating', amount: 'amount', policy_version: 'policy_version' } as const

/** Ledger rows by their plain columns: the unique key is what verify checks, so it is not what verify reads. */
const bookings = (database: Database, link: string, reason: string, key: string): Audit =>
  auditOver(database, {
    link,
    side: 'effect',
    from: `ledger where reason = '${reason}' and reverses is null`,
    cursor: { column: 'position', type: 'bigint' },
    key,
    factId: 'fact_id',
    content: booked,
  })

export const bonusAudits = (database: Database): Audit[] => [
  bookings(database, 'COMM-040', 'task completed', `(task_id || ':' || candidate_id)`),
  bookings(database, 'COMM-050', 'task failed', `(task_id || ':' || candidate_id)`),
  bookings(database, 'COMM-080', 'task created', 'task_id'),
  auditOver(database, {
    link: 'COMM-060',
    side: 'effect',
    from: 'rating where true',
    cursor: { column: 'outcome_id', type: 'uuid' },
    key: 'outcome_id::text',
    content: { task_id: 'task_id', rating: 'rating' },
  }),
]
