/** What COMM-010 and COMM-070 answer by HTTP. */
export interface Manager {
  readonly manager_id: string
  readonly first_name: string
  readonly last_name: string
  readonly account_id: string
}

/** Another service's answer is input like any other. */
export function isManager(value: unknown): value is Manager {
  const one = value as Partial<Manager> | null
  return (
    typeof one === 'object' &&
    one !== null &&
    isId(one.manager_id) &&
    isId(one.account_id) &&
    typeof one.first_name === 'string' &&
    typeof one.last_name === 'string'
  )
}

const isId = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)
