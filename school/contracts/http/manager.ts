/** What COMM-010 and COMM-070 answer by HTTP, and what the event says: whole state. */
export type Manager = {
  readonly manager_id: string
  readonly first_name: string
  readonly last_name: string
  readonly account_id: string
}

/** Another service's word is input like any other: the manager in it, or null. */
export function managerIn(value: unknown): Manager | null {
  const { manager_id, first_name, last_name, account_id } = (value ?? {}) as Partial<Manager>
  return isId(manager_id) && isId(account_id) && typeof first_name === 'string' && typeof last_name === 'string'
    ? { manager_id, first_name, last_name, account_id }
    : null
}

const isId = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)
