import type { Database } from '../database/database.ts'
import type { IdempotencyStore } from './store.ts'

export const openIdempotencyStore = (database: Database): IdempotencyStore => ({
  async claim(tx, { scope, operation, fingerprint }) {
    // Whoever inserts holds the lock to the end of its transaction, so an insert never waits for another's: a request that
    // waited inside its transaction would keep the switch and a connection meanwhile.
    const { rowCount } = await tx.query(
      `insert into idempotency_key (scope, operation, fingerprint)
       select $1, $2, $3 where pg_try_advisory_xact_lock($4::bigint) on conflict do nothing`,
      [scope, operation, fingerprint, scope.readBigInt64BE(0).toString()],
    )
    if (rowCount === 1) return 'claimed'
    // A statement of its own: it sees what was committed while the one before looked for the lock.
    const { rows } = await tx.query<{ fingerprint: Buffer; status: number; headers: string; body: string | null }>(
      'select fingerprint, status, headers, body from idempotency_key where scope = $1',
      [scope],
    )
    const row = rows[0]
    if (row === undefined) return 'running'
    const headers = JSON.parse(row.headers) as Record<string, string>
    return { fingerprint: row.fingerprint, answer: { status: row.status, headers, body: row.body } }
  },
  async keep(tx, { scope }, { status, headers, body }) {
    await tx.query('update idempotency_key set status = $2, headers = $3, body = $4 where scope = $1', [
      scope,
      status,
      JSON.stringify(headers),
      body,
    ])
  },
  async forget(hours, limit) {
    const { rowCount } = await database.query(
      `delete from idempotency_key where scope in (
         select scope from idempotency_key where at < now() - $1::int * interval '1 hour' order by at limit $2 for update skip locked)`,
      [hours, limit],
    )
    return rowCount
  },
})
