import type { ReceiptAnswer } from '../contract/receipts.ts'
import type { Courier } from '../delivery/courier.ts'
import type { IssuedRow } from './store.ts'

/** How the receiver of a link stands to some facts. */
export interface Asked {
  /** Those without a receipt. */
  readonly open: readonly IssuedRow[]
  /** Those that somebody keeps: the receiver, or a dead letter here that waits for a person. */
  readonly kept: ReadonlySet<string>
}

/** Asks the receiver what has become of facts. `heed` is told which epoch of this service it has seen. */
export async function askReceipts(
  courier: Courier,
  rows: readonly IssuedRow[],
  heed: (epoch: number | undefined) => Promise<void>,
): Promise<Asked> {
  if (rows.length === 0) return { open: [], kept: new Set() }
  const answer = await courier.ask<ReceiptAnswer>(`/links/${courier.link.id}/receipts`, { facts: rows.map(row => row.fact_id) })
  await heed(answer.epoch)
  const terminal = new Set(answer.terminal)
  const deadHere = rows.filter(row => row.dead).map(row => row.fact_id)
  return { open: rows.filter(row => !terminal.has(row.fact_id)), kept: new Set([...answer.parked, ...answer.dead, ...deadHere]) }
}
