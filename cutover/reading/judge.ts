import { canonicalJson } from '../contract/json.ts'
import type { Kept } from '../replica/definition.ts'
import type { ReadVerdict } from './store.ts'

/** What one side of a read answered: a row, nothing, or no answer at all. */
export type Side = Kept | null | 'failed'

export interface ReadJudgement {
  readonly verdict: Exclude<ReadVerdict, 'stale'>
  /** Names of the columns that differ. */
  readonly columns: readonly string[]
}

/** Compares what the owner answers with what the copy has: pure. */
export function judgeRead(owner: Side, copy: Side): ReadJudgement {
  if (owner === 'failed' || copy === 'failed') return { verdict: 'failed', columns: [owner === 'failed' ? 'owner' : 'copy'] }
  if (owner === null || copy === null) return { verdict: owner === copy ? 'equal' : owner === null ? 'extra' : 'missing', columns: [] }
  const columns = Object.keys(owner.row).filter(name => canonicalJson(owner.row[name]) !== canonicalJson(copy.row[name]))
  const differing = owner.revision === copy.revision ? columns : ['revision', ...columns]
  return { verdict: differing.length === 0 ? 'equal' : 'different', columns: differing }
}
