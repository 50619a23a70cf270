import type { Incoming, Message } from '../contract/message.ts'
import { toHeaders } from '../contract/headers.ts'
import type { Tx } from '../database/database.ts'
import { storable } from '../database/storable.ts'
import type { Via } from './judge.ts'

/** The first wait of a parked message. Short, because what it waits for is often on its way already. */
export const firstWaitMs = 150

export interface ReceiptRow {
  readonly message: Message
  readonly outcome: 'done' | 'duplicate' | 'rejected'
  readonly detail: string | null
}

export async function storeReceipts(tx: Tx, link: string, via: Via, receipts: readonly ReceiptRow[]): Promise<void> {
  if (receipts.length === 0) return
  await tx.query(
    `insert into receipt (link, fact_id, position, outcome, detail, via)
     select $1, r.fact_id, r.position, r.outcome, r.detail, $2
       from unnest($3::uuid[], $4::bigint[], $5::text[], $6::text[]) as r(fact_id, position, outcome, detail)
     on conflict do nothing`,
    [
      link,
      via,
      receipts.map(one => one.message.factId),
      receipts.map(one => one.message.position),
      receipts.map(one => one.outcome),
      receipts.map(one => one.detail),
    ],
  )
}

/** The receipts that are there already: a fact with one is never acted on again, and a refusal stays a refusal. */
export async function receiptsOf(
  tx: Tx,
  link: string,
  facts: readonly string[],
): Promise<ReadonlyMap<string, { outcome: string; detail: string | null }>> {
  const { rows } = await tx.query<{ fact_id: string; outcome: string; detail: string | null }>(
    // One look-up per fact, and the planner cannot make it anything else: a plan that was made while the table was small
    // and kept would read all of it for every batch.
    `select fact_id, r.outcome, r.detail from unnest($2::uuid[]) as f(fact_id)
      cross join lateral (select outcome, detail from receipt where receipt.fact_id = f.fact_id and link = $1 limit 1) as r`,
    [link, facts],
  )
  return new Map(rows.map(row => [row.fact_id, row]))
}

export interface ParkedMessage {
  readonly message: Message
  readonly waitsFor: string
}

/** Parks messages; one that is parked already only has what it waits for brought up to date. */
export async function park(tx: Tx, link: string, via: Via, parked: readonly ParkedMessage[]): Promise<void> {
  if (parked.length === 0) return
  await tx.query(
    `insert into parked (link, fact_id, waits_for, next_at, headers, bytes)
     select $1, p.fact_id, p.waits_for, clock_timestamp() + interval '${firstWaitMs} ms', p.headers, p.bytes
       from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as p(fact_id, waits_for, headers, bytes)
     on conflict (link, fact_id) do update set waits_for = excluded.waits_for`,
    [
      link,
      parked.map(one => one.message.factId),
      parked.map(one => one.waitsFor),
      parked.map(one => JSON.stringify({ ...toHeaders(one.message), via })),
      parked.map(one => one.message.bytes),
    ],
  )
}

/** Brings back what waits for any of these, in the transaction that stored what it waited for. */
export async function wake(tx: Tx, waitsFor: readonly string[]): Promise<void> {
  if (waitsFor.length === 0) return
  await tx.query('update parked set next_at = clock_timestamp() where waits_for = any($1::text[])', [waitsFor])
}

export async function record(tx: Tx, link: string, recorded: readonly { message: Incoming; decision: unknown }[]): Promise<void> {
  if (recorded.length === 0) return
  await tx.query(
    `insert into recorded (link, fact_id, business_key, decision)
     select $1, r.fact_id, r.business_key, r.decision from unnest($2::uuid[], $3::text[], $4::text[]) as r(fact_id, business_key, decision)
     on conflict do nothing`,
    [
      link,
      recorded.map(one => one.message.factId),
      recorded.map(one => one.message.businessKey),
      recorded.map(one => JSON.stringify(one.decision)),
    ],
  )
}

/** A message that is set aside alone. `origin` names where it was read, so that a redelivery is not stored twice. */
export interface DeadMessage {
  readonly factId: string | null
  readonly code: string
  readonly error: string
  readonly attempts: number
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly origin: string
}

export async function bury(tx: Tx, link: string, dead: readonly DeadMessage[]): Promise<void> {
  for (const one of dead) {
    await tx.query(
      `insert into dead_letter (side, link, fact_id, code, error, attempts, bytes, headers, origin)
       values ('receive', $1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
      [link, one.factId, one.code, storable(one.error), one.attempts, Buffer.from(one.bytes), JSON.stringify(one.headers), one.origin],
    )
  }
}
