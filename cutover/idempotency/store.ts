import type { Tx } from '../database/database.ts'
import type { RequestKey } from '../http/server.ts'

/** An answer as it was given, to be given again. */
export interface KeptAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON; null for none. */
  readonly body: string | null
}

/** `claimed`: this transaction is the first with the key. `running`: another one is, and has not ended. */
export type Claim = 'claimed' | 'running' | { readonly fingerprint: Buffer; readonly answer: KeptAnswer }

/** What repeatable requests need of the service's own database. */
export interface IdempotencyStore {
  /** Takes the key for this transaction; never waits for another that has it. Gone with the transaction if that fails. */
  claim(tx: Tx, key: RequestKey): Promise<Claim>
  /** Keeps the answer under a key that this transaction has claimed. */
  keep(tx: Tx, key: RequestKey, answer: KeptAnswer): Promise<void>
  /** Removes up to `limit` answers that are older than `hours`, the oldest first; resolves with how many. */
  forget(hours: number, limit: number): Promise<number>
}
