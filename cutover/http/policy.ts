import { createHash, timingSafeEqual } from 'node:crypto'
import { Problem } from '../failure/problem.ts'
import type { Policy } from './route.ts'
import type { Caller, Verifier } from './tokens.ts'

export interface Gatekeeper {
  /** Who calls, or null where nobody needs to be known. Throws 401 without a valid token, 403 for one that is not enough. */
  admit(policy: Policy, authorization: string | undefined): Promise<Caller | null>
}

export const openGatekeeper = (verifier: Verifier | null, operatorTokenDigest: string | undefined): Gatekeeper => ({
  async admit(policy, authorization) {
    if (policy === 'public') return null
    const token = /^Bearer ([\w.~+/=-]{1,4096})$/.exec(authorization ?? '')?.[1]
    if (token === undefined) throw new Problem('token_missing', { detail: 'send "Authorization: Bearer …" with a token for this service' })
    const caller: Caller = isOperators(token, operatorTokenDigest) ? { kind: 'operator' } : await verify(verifier, token)
    if (!permits(policy, caller)) throw new Problem('forbidden', { detail: `${describe(caller)} may not call this operation` })
    return caller
  },
})

function verify(verifier: Verifier | null, token: string): Promise<Caller> {
  if (verifier === null) throw new Problem('token_invalid', { detail: 'this is not the operator’s token' })
  return verifier.verify(token)
}

/** The operator's token is opaque; only its SHA-256 is kept here, and compared in constant time. */
export const tokenDigest = (token: string): string => createHash('sha256').update(token).digest('hex')

const isOperators = (token: string, digest: string | undefined): boolean =>
  digest !== undefined && timingSafeEqual(Buffer.from(tokenDigest(token), 'hex'), Buffer.from(digest, 'hex'))

/** Whether this says who may call; an object that names nobody does not. */
export function isPolicy(value: unknown): value is Policy {
  if (value === 'public' || value === 'operator') return true
  if (typeof value !== 'object' || value === null) return false
  const lists = ['persons', 'links', 'services']
    .filter(name => name in value)
    .map(name => (value as Readonly<Record<string, unknown>>)[name])
  return lists.some(list => Array.isArray(list) && list.length > 0)
}

/** Whether the policy lets this caller in: pure. */
export function permits(policy: Exclude<Policy, 'public'>, caller: Caller): boolean {
  if (policy === 'operator') return caller.kind === 'operator' || caller.kind === 'engine'
  if (caller.kind === 'person') return 'persons' in policy && policy.persons.includes(caller.role)
  if (caller.kind !== 'service') return false
  if ('services' in policy) return policy.services.includes(caller.service)
  return policy.links?.some(one => one.from === caller.service && one.link === caller.link) === true
}

/** Whether an operator may call. */
export const permitsOperator = (policy: Policy): boolean => policy === 'operator'

const describe = (caller: Caller): string =>
  caller.kind === 'person'
    ? `a ${caller.role}`
    : caller.kind === 'service'
      ? `${caller.service}${caller.link === null ? '' : ` over ${caller.link}`}`
      : `the ${caller.kind}`
