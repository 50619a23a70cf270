import { partitionOf } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import { traceableId, type TracePlace, type TraceReport } from '../contract/trace.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Audit } from './audit.ts'
import type { Stores } from './stores.ts'

export interface TraceRoutesOptions {
  readonly service: string
  readonly events: readonly EventContract[]
  readonly stores: Pick<Stores, 'trace'>
  readonly audits: readonly Audit[]
}

/** Business rows of one side of a link that are told at the most. */
const rowsMax = 20

interface TraceOrder {
  readonly id?: string
  readonly facts?: readonly string[]
}

/** What a service tells of a fact, or of whatever has an id: where it is, and what became of it. */
export const traceRoutes = ({ service, events, stores, audits }: TraceRoutesOptions): RouteDefinition[] => [
  {
    policy: 'operator',
    tags: ['operator'],
    method: 'POST',
    path: '/operator/trace',
    operationId: 'operatorTrace',
    repeats: { noKey: 'it only reads' },
    summary: 'The facts that an id names, and every row here that tells of them. Ids and numbers, never payloads.',
    body: {
      type: 'object',
      additionalProperties: false,
      properties: {
        id: { type: 'string', pattern: traceableId, maxLength: 400 },
        facts: { type: 'array', maxItems: 100, items: { type: 'string', format: 'uuid' } },
      },
    },
    async handle(request) {
      const { id, facts: asked = [] } = request.body as TraceOrder
      const named = id === undefined ? { facts: [], cut: false } : await stores.trace.named(id)
      // A business key begins with the name of its event; the key of a business row does not.
      const ids = id === undefined ? [] : [...new Set([id, id.slice(id.indexOf(':') + 1)])]
      const business = await businessRows(audits, [...ids, ...asked])
      const own = business.flatMap(({ fact }) => fact ?? [])
      const facts = [...new Set([...named.facts, ...(id === undefined ? [] : own)])]
      const places = await stores.trace.places([...new Set([...facts, ...asked])])
      const body: TraceReport = {
        service,
        facts,
        cut: named.cut,
        places: [...places.map(place => onPartition(place, events)), ...business],
      }
      return { body }
    },
  },
]

async function businessRows(audits: readonly Audit[], ids: readonly string[]): Promise<TracePlace[]> {
  if (ids.length === 0) return []
  const each = await Promise.all(
    audits.map(async ({ link, side, about }) => {
      const rows = (await about?.(ids, rowsMax)) ?? []
      return rows.map(({ key, factId, content }): TracePlace => ({
        place: side === 'fact' ? 'stated' : 'effect',
        fact: factId ?? null,
        link,
        at: null,
        numbers: { ...content, row: key },
      }))
    }),
  )
  return each.flat()
}

/** On which partition of which topic a published fact is: that follows from its entity. The log has no index by fact, so the offset is not told. */
function onPartition(place: TracePlace, events: readonly EventContract[]): TracePlace {
  const { event, entity, published } = place.numbers
  const contract = published === true ? events.find(one => one.name === event) : undefined
  if (contract === undefined) return place
  return { ...place, numbers: { ...place.numbers, topic: contract.topic, partition: partitionOf(String(entity), contract.partitions) } }
}
