import type { Message, Stamp } from '../contract/message.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { NewFact } from './fact.ts'

/** The switch has moved since the facts were built: nothing was appended. Reload, build again. */
export class StaleSwitch extends Error {
  override readonly name = 'StaleSwitch'
}

const fields = 'fact_id, event, version, business_key, order_key, revision, stamps, publish, traceparent, bytes'
const types = ['uuid', 'text', 'int', 'text', 'text', 'bigint', 'jsonb', 'bool', 'text', 'text']

/**
 * Appends only under the epoch `$1`, and only registered versions. Must run in a transaction opened with
 * `beginUnderSwitch`, after the rows of the entities concerned are locked: then position order is commit order for
 * every key. `source` gives the facts as rows of `fields` and their place.
 */
const appendSql = (source: string): string => `
  insert into outbox (${fields})
  select ${fields.replaceAll(/\b(?=[a-z])/g, 'f.')} from ${source} as f(${fields}, place)
   where (select epoch from switch_epoch) = $1
     and exists (select 1 from registered_version r where r.event = f.event and r.version = f.version)
   order by f.place
  returning position, fact_id`

/** One statement for any number of facts: arrays, a column each. */
const manySql = appendSql(`unnest(${types.map((type, index) => `$${index + 2}::${type}[]`).join(', ')}) with ordinality`)

/** A few facts are listed: measured with one fact, half again as fast as arrays of one. One statement per count. */
const listedMax = 4
const listedSql = Array.from({ length: listedMax + 1 }, (_, count) => {
  const row = (place: number): string =>
    `(${types.map((type, index) => `$${place * types.length + index + 2}::${type}`).join(', ')}, ${place})`
  return appendSql(`(values ${Array.from({ length: count }, (_, place) => row(place)).join(', ')})`)
})

/** Appends `facts` in their order and resolves with their messages, positions included. */
export async function append(tx: Tx, epoch: number, facts: readonly NewFact[], traceparent: string | null): Promise<readonly Message[]> {
  if (facts.length === 0) return []
  const rowsOf = facts.map(fact => columnsOf(fact, traceparent))
  const listed = facts.length <= listedMax
  const { rows } = await tx.query<{ position: string; fact_id: string }>(
    (listed ? listedSql[facts.length] : undefined) ?? manySql,
    listed ? [epoch, ...rowsOf.flat()] : [epoch, ...types.map((_, column) => rowsOf.map(row => row[column]))],
  )
  if (rows.length !== facts.length) await refuse(tx, epoch, facts)
  const positions = new Map(rows.map(row => [row.fact_id, row.position]))
  return facts.map(({ publish: _, ...fact }) => ({ ...fact, traceparent, position: positions.get(fact.factId) ?? missing(fact.factId) }))
}

const columnsOf = (fact: NewFact, traceparent: string | null): readonly unknown[] => [
  fact.factId,
  fact.event,
  fact.version,
  fact.businessKey,
  fact.orderKey,
  fact.revision,
  JSON.stringify(fact.stamps),
  fact.publish,
  traceparent,
  fact.bytes,
]

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
