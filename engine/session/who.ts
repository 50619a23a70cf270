import type { HttpRequest, Policy } from 'cutover/http/server'

/** What only looks, and what the second person does: for everybody who can sign in. What orders is an operator's. */
export const everybody: Policy = { officers: ['operator', 'approver'] }

/** Who gives an order, as the history names it. */
export function whoOf({ caller }: Pick<HttpRequest, 'caller'>): string {
  if (caller?.kind !== 'operator' && caller?.kind !== 'approver') throw new Error('nobody is known here: give the route a policy')
  return caller.kind
}
