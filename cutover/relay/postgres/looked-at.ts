import { outboxColumns } from '../../outbox/postgres.ts'

/** The columns of an `IssuedRow`; `$1` is the link. */
export const lookedAt = (table: string): string => `
  select ${outboxColumns}, extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as age_ms,
         exists (select from dead_letter d where d.side = 'relay' and d.link = $1 and d.fact_id = ${table}.fact_id
                    and d.state in ('open', 'replaying')) as dead
    from ${table}`
