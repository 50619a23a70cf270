import { setTimeout as sleep } from 'node:timers/promises'
import { toHeaders } from '../cutover/contract/headers.ts'
import type { Message } from '../cutover/contract/message.ts'
import type { Database, Tx } from '../cutover/database/database.ts'

// Tuned as ours is: text, batches of 500, a literal limit, one statement, no index but the key, vacuumed often.
const tableSql = `
  create table naive_outbox (id bigint generated always as identity primary key, key text not null, headers text not null, payload text not null)
    with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`
const takeSql = `
  delete from naive_outbox
   where id = any (array(select id from naive_outbox order by id limit 500 for update skip locked))
  returning id, key, headers, payload`
const pollMs = 20

export const naiveSql = `begin;${takeSql};\n  -- the handler, in the same transaction\ncommit -- and again at once; after an empty batch in ${pollMs} ms`

/** The outbox that everybody writes first: poll, take a batch, handle it, delete it. */
export interface NaiveOutbox {
  fill(messages: readonly Message[]): Promise<void>
  /** Hands batches to `handle` until `count` messages are done. */
  drain(count: number, handle: (messages: readonly NaiveMessage[], tx: Tx) => Promise<unknown>): Promise<void>
}

export interface NaiveMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly envelope: { readonly payload: Readonly<Record<string, string>>; readonly meta: Readonly<Record<string, string>> }
}

export async function openNaiveOutbox(database: Database): Promise<NaiveOutbox> {
  await database.query(tableSql)
  return {
    async fill(messages) {
      await database.query('insert into naive_outbox (key, headers, payload) select * from unnest($1::text[], $2::text[], $3::text[])', [
        messages.map(one => one.orderKey),
        messages.map(one => JSON.stringify(toHeaders(one))),
        messages.map(one => one.bytes),
      ])
    },
    async drain(count, handle) {
      for (let done = 0; done < count;) {
        const taken = await database.transaction(async tx => {
          const { rows } = await tx.query<{ id: string; headers: string; payload: string }>(takeSql, [])
          // A delete answers in no particular order.
          const sorted = rows.toSorted((a, b) => Number(a.id) - Number(b.id))
          await handle(
            sorted.map(row => ({ headers: JSON.parse(row.headers), envelope: JSON.parse(row.payload) })),
            tx,
          )
          return rows.length
        })
        done += taken
        if (taken === 0) await sleep(pollMs)
      }
    },
  }
}
