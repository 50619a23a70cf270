import { createHash, timingSafeEqual } from 'node:crypto'
import { Problem } from '../failure/problem.ts'
import type { Policy } from './route.ts'
import type { Caller, Officer, Verifier } from './tokens.ts'

export interface Gatekeeper {
  /**
   * Who calls, or null where nobody needs to be known: by a token, or without one as who has signed in. Throws 401
   * without either, 403 for one that is not enough.
   */
  admit(policy: Policy, authorization: string | undefined, signedIn: () => Officer | null): Promise<Caller | null>
}

/** SHA-256 of the opaque token of each officer that a server accepts. */
export type OfficerDigests = Readonly<Partial<Record<Officer, string>>>

export const openGatekeeper = (verifier: Verifier | null, digests: OfficerDigests): Gatekeeper => ({
  async admit(policy, authorization, signedIn) {
    if (policy === 'public') return null
    const officer = authorization === undefined ? signedIn() : null
    const caller: Caller = officer === null ? await callerOf(authorization, verifier, digests) : { kind: officer }
    if (!permits(policy, caller)) throw new Problem('forbidden', { detail: `${describe(caller)} may not call this operation` })
    return caller
  },
})

async function callerOf(authorization: string | undefined, verifier: Verifier | null, digests: OfficerDigests): Promise<Caller> {
  const token = /^Bearer ([\w.~+/=-]{1,4096})$/.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new Problem('token_missing', { detail: 'send "Authorization: Bearer …" with a token for this service' })
  for (const officer of ['operator', 'approver'] as const) if (isTokenOf(token, digests[officer])) return { kind: officer }
  return verify(verifier, token)
}

function verify(verifier: Verifier | null, token: string): Promise<Caller> {
  if (verifier === null) throw new Problem('token_invalid', { detail: 'this is not the operator’s token' })
  return verifier.verify(token)
}

/** An officer's token is opaque; only its SHA-256 is kept here, and compared in constant time. */
export const tokenDigest = (token: string): string => createHash('sha256').update(token).digest('hex')

const isTokenOf = (token: string, digest: string | undefined): boolean =>
  digest !== undefined && timingSafeEqual(Buffer.from(tokenDigest(token), 'hex'), Buffer.from(digest, 'hex'))

/** Whether this says who may call; an object that names nobody does not. */
export function isPolicy(value: unknown): value is Policy {
  if (value === 'public' || value === 'operator') return true
  if (typeof value !== 'object' || value === null) return false
  const lists = ['officers', 'persons', 'links', 'services']
    .filter(name => name in value)
    .map(name => (value as Readonly<Record<string, unknown>>)[name])
  return lists.some(list => Array.isArray(list) && list.length > 0)
}

/** Whether the policy lets this caller in: pure. */
export function permits(policy: Exclude<Policy, 'public'>, caller: Caller): boolean {
  if (policy === 'operator') return caller.kind === 'operator' || caller.kind === 'engine'
  if (caller.kind === 'operator' || caller.kind === 'approver') return 'officers' in policy && policy.officers.includes(caller.kind)
  if (caller.kind === 'person') return 'persons' in policy && policy.persons.includes(caller.role)
  if (caller.kind !== 'service') return false
  if ('services' in policy) return policy.services.includes(caller.service)
  return 'links' in policy && (policy.links ?? []).some(one => one.from === caller.service && one.link === caller.link)
}

const describe = (caller: Caller): string =>
  caller.kind === 'person'
    ? `a ${caller.role}`
    : caller.kind === 'service'
      ? `${caller.service}${caller.link === null ? '' : ` over ${caller.link}`}`
      : caller.kind === 'approver'
        ? 'the approver, who reads and approves and gives no orders,'
        : `the ${caller.kind}`
