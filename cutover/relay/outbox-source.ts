import type { Database } from '../database/database.ts'
import { switchHoldersSql } from '../switch/switch.ts'
import { type LaneRow, type OutboxSource, readMax } from './reader.ts'

// The limit is a literal and the range sargable: with a parameter the planner forgets that few rows are wanted.
const readSql = (own: string): string => `
  select position, fact_id, event, version, business_key, order_key, revision, stamps, traceparent,
         case when ${own} then bytes end as bytes,
         extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as age_ms
    from outbox where outbox.position > $1 order by outbox.position limit ${readMax}`

const publishedSql = readSql('publish')
const calledSql = readSql(`stamps -> $2 ->> 'route' = 'http'`)

/** The rows that are published as events. */
export const publishedRows = (database: Database): OutboxSource => source(database, publishedSql, [])

/** The rows whose route on `link` is http. */
export const calledRows = (database: Database, link: string): OutboxSource => source(database, calledSql, [link])

const source = (database: Database, sql: string, values: readonly unknown[]): OutboxSource => ({
  async read(after) {
    const { rows } = await database.query<LaneRow>(sql, [after.toString(), ...values])
    return rows
  },
  async holders() {
    const { rows } = await database.query<{ holder: string }>(switchHoldersSql, [])
    return new Set(rows.map(row => row.holder))
  },
})
