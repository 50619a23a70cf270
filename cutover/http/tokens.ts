import { readFile } from 'node:fs/promises'
import {
  exportJWK,
  generateKeyPair as generate,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  decodeJwt,
  SignJWT,
  type CryptoKey,
} from 'jose'
import { Problem } from '../failure/problem.ts'
import { ConfigurationError } from '../process/environment.ts'

export const roles = ['candidate', 'manager', 'finance', 'operator', 'approver', 'admin'] as const
export type Role = (typeof roles)[number]

/** Who holds a token of an operator's interface: who orders, and the second person, who reads and approves. */
export type Officer = 'operator' | 'approver'

/** Who calls. A service speaks for itself and one link; only the issuer `people` may speak for persons. */
export type Caller =
  | { readonly kind: 'person'; readonly subject: string; readonly role: Role }
  | { readonly kind: 'service'; readonly service: string; readonly link: string | null }
  | { readonly kind: 'engine' }
  | { readonly kind: Officer }

/** Tokens live this long at the most; longer ones are refused, whoever signed them. */
export const tokenSecondsMax = 300
// How far the clocks of two machines may be apart.
const clockToleranceSeconds = 5
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
  const key = await importKey(await readJson(options.privateKeyFile), `${options.privateKeyFile} must hold an Ed25519 private key as JWK`)
  const cache = new Map<string, { token: string; until: number }>()
  return {
    async token(claims) {
      const id = JSON.stringify([claims.audience, claims.link, claims.subject, claims.role])
      const known = cache.get(id)
      if (known !== undefined && known.until - renewMs > Date.now()) return known.token
      const { audience, subject, ...own } = claims
      // One reading of the clock for both ends: two could be a second apart, and the token a second too long.
      const issued = Math.floor(Date.now() / 1000)
      const jwt = new SignJWT({ ...own }).setProtectedHeader({ alg: 'EdDSA' }).setIssuer(options.issuer).setAudience(audience)
      if (subject !== undefined) jwt.setSubject(subject)
      const token = await jwt
        .setIssuedAt(issued)
        .setExpirationTime(issued + tokenSecondsMax)
        .sign(key)
      if (cache.size >= cacheMax) cache.clear()
      cache.set(id, { token, until: (issued + tokenSecondsMax) * 1000 })
      return token
    },
  }
}

export interface Verifier {
  /** Who holds the token; throws the problem `token_invalid` for anything that is not one of ours, valid now and for us. */
  verify(token: string): Promise<Caller>
}

export async function openVerifier(options: { readonly audience: string; readonly trustedKeysFile: string }): Promise<Verifier> {
  const trusted = await readJson(options.trustedKeysFile)
  const keys = new Map<string, CryptoKey | Uint8Array>()
  for (const [issuer, jwk] of Object.entries(trusted)) {
    keys.set(issuer, await importKey(jwk, `${options.trustedKeysFile} must hold an Ed25519 public key as JWK for ${issuer}`))
  }
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

async function check(
  token: string,
  keys: ReadonlyMap<string, CryptoKey | Uint8Array>,
  audience: string,
): Promise<{ caller: Caller; until: number }> {
  const invalid = (detail: string, cause?: unknown): Problem => new Problem('token_invalid', { detail, cause })
  let payload: JWTPayload
  let issuer: string
  try {
    issuer = decodeJwt(token).iss ?? ''
    const key = keys.get(issuer)
    if (key === undefined) throw invalid('the issuer of the token is not trusted here')
    ;({ payload } = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms: ['EdDSA'],
      requiredClaims: ['exp', 'iat'],
      clockTolerance: clockToleranceSeconds,
    }))
  } catch (error) {
    throw error instanceof Problem
      ? error
      : invalid(`the token is not valid for ${audience}: ${(error as { code?: string }).code ?? 'malformed'}`, error)
  }
  // Against the clock as well: a token that claims to be issued in the future would live longer.
  const secondsLeft = (payload.exp ?? 0) - Date.now() / 1000
  if (typeof payload.aud !== 'string') throw invalid('a token is for one audience')
  if ((payload.exp ?? 0) - (payload.iat ?? 0) > tokenSecondsMax || secondsLeft > tokenSecondsMax + clockToleranceSeconds)
    throw invalid(`tokens may live ${tokenSecondsMax} seconds at the most`)
  return { caller: callerOf(issuer, payload, invalid), until: (payload.exp ?? 0) * 1000 }
}

function callerOf(issuer: string, payload: JWTPayload, invalid: (detail: string) => Problem): Caller {
  if (issuer === 'engine') return { kind: 'engine' }
  if (issuer === 'people') {
    const role = roles.find(one => one === payload['role'])
    if (role === undefined || payload.sub === undefined || payload.sub === '') throw invalid('a person’s token needs a subject and a role')
    return { kind: 'person', subject: payload.sub, role }
  }
  const link = payload['link']
  return { kind: 'service', service: issuer, link: typeof link === 'string' ? link : null }
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  } catch (error) {
    // Without the error's text: that of JSON.parse repeats what it read, which is a key.
    throw new ConfigurationError([`${file} must be a readable file of JSON: ${(error as { code?: string }).code ?? 'it is not JSON'}`])
  }
}

async function importKey(jwk: unknown, demand: string): Promise<CryptoKey | Uint8Array> {
  try {
    return await importJWK(jwk as JWK, 'EdDSA')
  } catch {
    // The reason could quote the key.
    throw new ConfigurationError([demand])
  }
}

/** A new Ed25519 pair, as JWKs. */
export async function generateKeyPair(): Promise<{ privateJwk: JWK; publicJwk: JWK }> {
  const { privateKey, publicKey } = await generate('EdDSA', { crv: 'Ed25519', extractable: true })
  return { privateJwk: await exportJWK(privateKey), publicJwk: await exportJWK(publicKey) }
}
