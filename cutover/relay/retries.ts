import type { Database } from '../database/database.ts'
import { storable } from '../database/storable.ts'
import { type OutboxRow, outboxColumns } from '../outbox/append.ts'

/** A delivery by HTTP that is due again. */
export type DueRetry = OutboxRow & { readonly attempts: number }

export interface Failure {
  readonly position: string
  readonly factId: string
  readonly error: string
}

/** Deliveries that failed, each waiting for its own next attempt. Their bytes stay in the outbox. */
export interface Retries {
  /** Remembers failures of a first attempt (`attempts` 1) or facts to be called again (0). Ones that are there keep their count. */
  add(link: string, failures: readonly Failure[], attempts: number, delayMs: number): Promise<void>
  due(link: string, limit: number): Promise<readonly DueRetry[]>
  /** Counts one more attempt and sets the next time. */
  again(link: string, position: string, error: string, delayMs: number): Promise<void>
  settle(link: string, positions: readonly string[]): Promise<void>
  /** Sets the message aside, with its bytes and reason, in one transaction with the end of its retries. */
  bury(link: string, row: OutboxRow, attempts: number, code: string, error: string): Promise<void>
}

export const openRetries = (database: Database): Retries => ({
  async add(link, failures, attempts, delayMs) {
    await database.query(
      `insert into http_retry (link, position, fact_id, attempts, last_error, next_at)
       select $1, f.position, f.fact_id, $5, f.error, clock_timestamp() + $6::float8 * interval '1 ms'
         from unnest($2::bigint[], $3::uuid[], $4::text[]) as f(position, fact_id, error)
       on conflict do nothing`,
      [
        link,
        failures.map(one => one.position),
        failures.map(one => one.factId),
        failures.map(one => storable(one.error)),
        attempts,
        delayMs,
      ],
    )
  },
  async due(link, limit) {
    const columns = outboxColumns.replaceAll(/\b(?=[a-z_]+)/g, 'o.')
    const { rows } = await database.query<DueRetry>(
      `select ${columns}, r.attempts from http_retry r join outbox o on o.position = r.position
        where r.link = $1 and r.next_at <= clock_timestamp() order by r.next_at limit $2`,
      [link, limit],
    )
    return rows
  },
  async again(link, position, error, delayMs) {
    await database.query(
      `update http_retry set attempts = attempts + 1, last_error = $3, next_at = clock_timestamp() + $4::float8 * interval '1 ms'
        where link = $1 and position = $2`,
      [link, position, storable(error), delayMs],
    )
  },
  async settle(link, positions) {
    await database.query('delete from http_retry where link = $1 and position = any($2::bigint[])', [link, positions])
  },
  async bury(link, row, attempts, code, error) {
    await database.transaction(async tx => {
      await tx.query(
        `insert into dead_letter (side, link, fact_id, code, error, attempts, bytes, headers, origin)
         values ('relay', $1, $2, $3, $4, $5, convert_to($6, 'UTF8'), $7, $8) on conflict do nothing`,
        [
          link,
          row.fact_id,
          code,
          storable(error),
          attempts,
          row.bytes,
          JSON.stringify({ event: row.event, version: row.version, stamps: row.stamps }),
          row.position,
        ],
      )
      await tx.query('delete from http_retry where link = $1 and position = $2', [link, row.position])
    })
  },
})
