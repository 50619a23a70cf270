/** What `verify` compares: plain business rows of one side of a link, never receipts or the keys that are being checked. */
export interface Audit {
  readonly link: string
  readonly side: 'fact' | 'effect'
  /** Rows in a stable order after `after` (null: from the start); `next` is null at the end. */
  page(after: string | null, limit: number): Promise<{ readonly rows: readonly AuditRow[]; readonly next: string | null }>
  find(keys: readonly string[]): Promise<readonly AuditRow[]>
  /** Up to `limit` rows of which one of these is the key, a part of the key, or the fact: for `trace`, which looks for any id. */
  about?(ids: readonly string[], limit: number): Promise<readonly AuditRow[]>
}

export interface AuditRow {
  /** Composed from plain columns, for example `task:candidate`. */
  readonly key: string
  readonly factId?: string
  readonly content: Readonly<Record<string, string | number | null>>
}
