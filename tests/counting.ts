import { fileURLToPath } from 'node:url'
import { defineEvent, type LinkContract, type MessageOf, type Route, topicName } from '../cutover/contract/contract.ts'
import type { Message } from '../cutover/contract/message.ts'
import { type Database, openDatabase, type Tx } from '../cutover/database/database.ts'
import { installMigrations } from '../cutover/database/install.ts'
import { systemRandom } from '../cutover/process/clock.ts'
import type { Handler } from '../cutover/receive/handler.ts'
import { freshDatabase } from './database.ts'

const document = {
  title: 'Counted',
  type: 'object',
  properties: {
    payload: {
      type: 'object',
      properties: { key: { type: 'string' }, amount: { type: 'integer' }, needs: { type: 'string' } },
      required: ['key', 'amount', 'needs'],
    },
    meta: {
      type: 'object',
      properties: {
        event_id: { type: 'string' },
        event_version: { enum: [0] },
        event_name: { enum: ['Counted'] },
        produced_at: { type: 'string' },
      },
      required: ['event_id', 'event_version', 'event_name', 'produced_at'],
    },
  },
  required: ['payload', 'meta'],
} as const

/** The smallest event that has effects: an amount under a key, and what has to be there first (nothing, if empty). */
export const Counted = defineEvent({
  name: 'Counted',
  service: 'counting',
  topic: topicName('counting', 'Counted'),
  partitions: 1,
  versions: [document],
  bounds: document,
  orderKey: payload => payload.key,
  businessKey: payload => `Counted:${payload.key}`,
})

export const countLink: LinkContract = {
  id: 'L-1',
  from: 'counting',
  to: 'adding',
  kind: 'business',
  title: 'counts',
  event: 'Counted',
  http: { method: 'POST', path: '/counts' },
  start: 'http',
  order: 'commutes',
}

/** A fact on its way, as a sender would have made it. */
export function aFact(
  key: string,
  options: { route?: Route; amount?: number; needs?: string; factId?: string; version?: number; position?: number } = {},
): Message {
  const { route = 'event', amount = 1, needs = '', factId = systemRandom.uuid(), version = 0, position = 1 } = options
  const meta = { event_id: factId, event_version: version, event_name: 'Counted', produced_at: '2026-01-01T00:00:00Z' }
  return {
    factId,
    event: 'Counted',
    version,
    businessKey: `Counted:${key}`,
    orderKey: key,
    revision: null,
    source: 'counting',
    position: String(position),
    stamps: { 'L-1': { route, epoch: 1 } },
    traceparent: null,
    bytes: JSON.stringify({ payload: { key, amount, needs }, meta }),
  }
}

/** A handler in the manner of the real ones, with what a test may turn against a key. */
export interface Adding {
  readonly handler: Handler<MessageOf<typeof Counted>, ReadonlySet<string>, number>
  readonly refused: Set<string>
  readonly poisonous: Set<string>
  /** The keys of every call of `apply`. */
  readonly applied: string[][]
}

export function openAdding(): Adding {
  const [refused, poisonous, applied] = [new Set<string>(), new Set<string>(), [] as string[][]]
  const handler: Adding['handler'] = {
    async lookup(messages, tx) {
      const { rows } = await tx.query<{ name: string }>('select name from arrived where name = any($1::text[])', [
        messages.map(message => message.envelope.payload.needs),
      ])
      return new Set(['', ...rows.map(row => row.name)])
    },
    decide({ envelope: { payload } }, known) {
      if (refused.has(payload.key)) return { do: 'reject', rule: 'refused-key' }
      return known.has(payload.needs) ? { do: 'apply', effect: payload.amount } : { do: 'wait', for: payload.needs }
    },
    async apply(effects, tx) {
      const keys = effects.map(one => one.message.envelope.payload.key)
      applied.push(keys)
      const { rows } = await tx.query<{ key: string }>(
        'insert into effect select * from unnest($1::text[], $2::int[]) on conflict do nothing returning key',
        [keys, effects.map(one => one.effect)],
      )
      // After the insert, as the worst poison does: whatever was done for the others has to be undone with it.
      for (const key of keys) if (poisonous.has(key)) throw new Error(`poison\u0000 in ${key}`)
      const made = new Set(rows.map(row => row.key))
      const { rows: stored } = await tx.query<{ key: string; amount: number }>('select * from effect where key = any($1::text[])', [keys])
      const amounts = new Map(stored.map(row => [row.key, row.amount]))
      return effects.map(({ message, effect }) => {
        const { key } = message.envelope.payload
        if (made.has(key)) return { outcome: 'done' }
        const first = amounts.get(key)
        return first === effect ? { outcome: 'duplicate' } : { outcome: 'conflict', first: String(first), second: String(effect) }
      })
    },
    effects: {
      async found(keys, tx) {
        const { rows } = await tx.query<{ key: string; amount: number }>(
          `select 'Counted:' || key as key, amount from effect where 'Counted:' || key = any($1::text[])`,
          [keys],
        )
        return new Map(rows.map(({ key, amount }) => [key, { amount }]))
      },
      content: amount => ({ amount }),
    },
  }
  return { handler, refused, poisonous, applied }
}

/** A database (a fresh one) with the library's tables and those of the handler. The caller closes it. */
export async function countingDatabase(made?: { readonly url: string }): Promise<Database> {
  const { url } = made ?? (await freshDatabase())
  const database = openDatabase({ url, name: 'test', connectionsMax: 12, onIdleError: () => undefined })
  await installMigrations(database, [{ name: 'cutover', folder: fileURLToPath(new URL('../cutover/sql', import.meta.url)) }])
  await database.query('create table if not exists effect (key text primary key, amount integer not null)')
  await database.query('create table if not exists arrived (name text primary key)')
  return database
}

/** `key:amount` of every effect. */
export async function effectsIn(tx: Tx): Promise<string[]> {
  const { rows } = await tx.query<{ effect: string }>(`select key || ':' || amount as effect from effect order by key`)
  return rows.map(row => row.effect)
}

/** What is stored of each message: its outcomes by table, with the codes of dead letters. */
export async function tracesIn(tx: Tx): Promise<{ receipts: string[]; parked: string[]; dead: string[]; recorded: number }> {
  const column = async (sql: string): Promise<string[]> => (await tx.query<{ one: string }>(sql)).rows.map(row => row.one)
  return {
    receipts: await column('select outcome as one from receipt order by at, fact_id'),
    parked: await column('select waits_for as one from parked order by waits_for'),
    dead: await column('select code as one from dead_letter order by id'),
    recorded: (await column('select fact_id::text as one from parity where recorded_at is not null')).length,
  }
}
