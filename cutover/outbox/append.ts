import type { Message, Stamp } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { NewFact } from './fact.ts'

/** The switch has moved since the facts were built: nothing was appended. Reload, build again. */
export class StaleSwitch extends Error {
  override readonly name = 'StaleSwitch'
}

/**
 * Appends only under `epoch`, and only registered versions. Must run in a transaction opened with `beginUnderSwitch`,
 * after the rows of the entities concerned are locked: then position order is commit order for every key.
 */
const appendSql = `
  insert into outbox (fact_id, event, version, business_key, order_key, revision, stamps, publish, traceparent, bytes)
  select f.fact_id, f.event, f.version, f.business_key, f.order_key, f.revision, f.stamps, f.publish, f.traceparent, f.bytes
    from unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::text[], $7::bigint[], $8::jsonb[], $9::bool[], $10::text[], $11::text[])
         with ordinality as f(fact_id, event, version, business_key, order_key, revision, stamps, publish, traceparent, bytes, place)
   where (select epoch from switch_epoch) = $1
     and exists (select 1 from registered_version r where r.event = f.event and r.version = f.version)
   order by f.place
  returning position, fact_id`

/** Appends `facts` in their order and resolves with their messages, positions included. */
export async function append(tx: Tx, epoch: number, facts: readonly NewFact[], traceparent: string | null): Promise<readonly Message[]> {
  if (facts.length === 0) return []
  const column = <Value>(pick: (fact: NewFact) => Value): Value[] => facts.map(pick)
  const { rows } = await tx.query<{ position: string; fact_id: string }>(appendSql, [
    epoch,
    column(fact => fact.factId),
    column(fact => fact.event),
    column(fact => fact.version),
    column(fact => fact.businessKey),
    column(fact => fact.orderKey),
    column(fact => fact.revision),
    column(fact => JSON.stringify(fact.stamps)),
    column(fact => fact.publish),
    column(() => traceparent),
    column(fact => fact.bytes),
  ])
  if (rows.length !== facts.length) await refuse(tx, epoch, facts)
  const positions = new Map(rows.map(row => [row.fact_id, row.position]))
  return facts.map(({ publish: _, ...fact }) => ({ ...fact, traceparent, position: positions.get(fact.factId) ?? missing(fact.factId) }))
}

async function refuse(tx: Tx, epoch: number, facts: readonly NewFact[]): Promise<never> {
  const { rows } = await tx.query<{ epoch: string }>('select epoch from switch_epoch', [])
  if (Number(rows[0]?.epoch) !== epoch) throw new StaleSwitch(`built under epoch ${epoch}, the switch stands at ${rows[0]?.epoch}`)
  const versions = [...new Set(facts.map(fact => `${fact.event} v${fact.version}`))].join(', ')
  throw new Problem('version_unregistered', {
    detail: `one of ${versions} is not registered in this service's database; register it before it is produced`,
  })
}

const missing = (factId: string): never => {
  throw new Error(`fact ${factId} was appended but not returned`)
}

export interface OutboxRow {
  readonly position: string
  readonly fact_id: string
  readonly event: string
  readonly version: number
  readonly business_key: string
  readonly order_key: string
  readonly revision: string | null
  readonly stamps: Readonly<Record<string, Stamp>>
  readonly traceparent: string | null
  readonly bytes: string
}

export const outboxColumns = 'position, fact_id, event, version, business_key, order_key, revision, stamps, traceparent, bytes'

/** An outbox row as the message that it stands for. */
export const toMessage = (row: OutboxRow, source: string): Message => ({
  factId: row.fact_id,
  event: row.event,
  version: row.version,
  businessKey: row.business_key,
  orderKey: row.order_key,
  revision: row.revision === null ? null : Number(row.revision),
  source,
  position: row.position,
  stamps: row.stamps,
  traceparent: row.traceparent,
  bytes: row.bytes,
})
