import { readFile } from 'node:fs/promises'
import { exportJWK, generateKeyPair as generate, importJWK, type JWK, type JWTPayload, jwtVerify, decodeJwt, SignJWT, type CryptoKey } from 'jose'
import { Problem } from '../failure/problem.ts'

export const roles = ['candidate', 'manager', 'finance', 'operator', 'approver', 'admin'] as const
export type Role = (typeof roles)[number]

/** Who calls. A service speaks for itself and one link; only the issuer `people` may speak for persons. */
export type Caller =
  | { readonly kind: 'person'; readonly subject: string; readonly role: Role }
  | { readonly kind: 'service'; readonly service: string; readonly link: string | null }
  | { readonly kind: 'engine' }
  | { readonly kind: 'operator' }

/** Tokens live this long at the most; longer ones are refused, whoever signed them. */
export const tokenSecondsMax = 300
const renewMs = 60_000
const cacheMax = 10_000

export interface Claims {
  readonly audience: string
  readonly link?: string
  readonly subject?: string
  readonly role?: string
}

export interface Signer {
  /** A token for these claims; the same one again until a minute before it runs out. */
  token(claims: Claims): Promise<string>
}

export async function openSigner(options: { readonly issuer: string; readonly privateKeyFile: string }): Promise<Signer> {
  const jwk = JSON.parse(await readFile(options.privateKeyFile, 'utf8')) as JWK
  const key = await importJWK(jwk, 'EdDSA')
  const cache = new Map<string, { token: string; until: number }>()
  return {
    async token(claims) {
      const id = JSON.stringify([claims.audience, claims.link, claims.subject, claims.role])
      const known = cache.get(id)
      if (known !== undefined && known.until - renewMs > Date.now()) return known.token
      const { audience, subject, ...own } = claims
      const jwt = new SignJWT({ ...own }).setProtectedHeader({ alg: 'EdDSA' }).setIssuer(options.issuer).setAudience(audience).setIssuedAt()
      if (subject !== undefined) jwt.setSubject(subject)
      const token = await jwt.setExpirationTime(`${tokenSecondsMax}s`).sign(key)
      if (cache.size >= cacheMax) cache.clear()
      cache.set(id, { token, until: Date.now() + tokenSecondsMax * 1000 })
      return token
    },
  }
}

export interface Verifier {
  /** Who holds the token; throws the problem `token_invalid` for anything that is not one of ours, valid now and for us. */
  verify(token: string): Promise<Caller>
}

export async function openVerifier(options: { readonly audience: string; readonly trustedKeysFile: string }): Promise<Verifier> {
  const trusted = JSON.parse(await readFile(options.trustedKeysFile, 'utf8')) as Record<string, JWK>
  const keys = new Map<string, CryptoKey | Uint8Array>()
  for (const [issuer, jwk] of Object.entries(trusted)) keys.set(issuer, await importJWK(jwk, 'EdDSA'))
  // Verified tokens, so that a burst of calls with one token costs one verification.
  const verified = new Map<string, { caller: Caller; until: number }>()
  return {
    async verify(token) {
      const known = verified.get(token)
      if (known !== undefined && known.until > Date.now()) return known.caller
      const { caller, until } = await check(token, keys, options.audience)
      if (verified.size >= cacheMax) verified.clear()
      verified.set(token, { caller, until })
      return caller
    },
  }
}

async function check(token: string, keys: ReadonlyMap<string, CryptoKey | Uint8Array>, audience: string): Promise<{ caller: Caller; until: number }> {
  const invalid = (detail: string, cause?: unknown): Problem => new Problem('token_invalid', { detail, cause })
  let payload: JWTPayload
  let issuer: string
  try {
    issuer = decodeJwt(token).iss ?? ''
    const key = keys.get(issuer)
    if (key === undefined) throw invalid('the issuer of the token is not trusted here')
    ;({ payload } = await jwtVerify(token, key, { issuer, audience, algorithms: ['EdDSA'], requiredClaims: ['exp', 'iat'], clockTolerance: 5 }))
  } catch (error) {
    throw error instanceof Problem ? error : invalid(`the token is not valid for ${audience}: ${(error as { code?: string }).code ?? 'malformed'}`, error)
  }
  if ((payload.exp ?? 0) - (payload.iat ?? 0) > tokenSecondsMax) throw invalid(`tokens may live ${tokenSecondsMax} seconds at the most`)
  return { caller: callerOf(issuer, payload, invalid), until: (payload.exp ?? 0) * 1000 }
}

function callerOf(issuer: string, payload: JWTPayload, invalid: (detail: string) => Problem): Caller {
  if (issuer === 'engine') return { kind: 'engine' }
  if (issuer === 'people') {
    const role = roles.find(one => one === payload['role'])
    if (role === undefined || payload.sub === undefined) throw invalid('a person’s token needs a subject and a role')
    return { kind: 'person', subject: payload.sub, role }
  }
  const link = payload['link']
  return { kind: 'service', service: issuer, link: typeof link === 'string' ? link : null }
}

/** A new Ed25519 pair, as JWKs. */
export async function generateKeyPair(): Promise<{ privateJwk: JWK; publicJwk: JWK }> {
  const { privateKey, publicKey } = await generate('EdDSA', { crv: 'Ed25519', extractable: true })
  return { privateJwk: await exportJWK(privateKey), publicJwk: await exportJWK(publicKey) }
}
