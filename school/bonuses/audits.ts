import type { Database } from 'cutover/database'
import { type Audit, auditOver, type Side } from 'cutover/service'

const taskAndCandidate = [
  { column: 'task_id', type: 'text' },
  { column: 'candidate_id', type: 'text' },
] as const

const booked = { creator_id: 'creator_id', rating: 'rating', amount: 'amount', policy_version: 'policy_version' } as const

/** Ledger rows by their plain columns: the unique key is what verify checks, so it is not what verify reads. */
const bookings = (database: Database, link: string, reason: string, key: Side['key']): Audit =>
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
  bookings(database, 'COMM-040', 'task completed', taskAndCandidate),
  bookings(database, 'COMM-050', 'task failed', taskAndCandidate),
  bookings(database, 'COMM-080', 'task created', [{ column: 'task_id', type: 'text' }]),
]
