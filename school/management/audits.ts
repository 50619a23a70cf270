import type { Database } from 'cutover/database'
import { type Audit, auditOver } from 'cutover/service'

const taskAndRevision = [
  { column: 'task_id', type: 'text' },
  { column: 'revision', type: 'bigint' },
] as const

export const taskAudit = (database: Database): Audit =>
  auditOver(database, {
    link: 'COMM-080',
    side: 'fact',
    from: 'task where true',
    cursor: { column: 'task_id', type: 'text' },
    key: [{ column: 'task_id', type: 'text' }],
    factId: 'fact_id',
    content: { creator_id: 'creator_id' },
  })

export const reworkAudit = (database: Database): Audit =>
  auditOver(database, {
    link: 'COMM-030',
    side: 'effect',
    from: 'rework where true',
    cursor: { column: `(task_id || ':' || revision)`, type: 'text' },
    key: taskAndRevision,
    content: { solved_count: 'solved_count' },
  })
