import { createHash } from 'node:crypto'
import { canonicalJson } from '../contract/json.ts'
import { Problem } from '../failure/problem.ts'
import type { Caller } from './tokens.ts'

/**
 * What a writing operation does about a request that comes twice. Either it takes an `Idempotency-Key`, which a request
 * must have (`required`) or may have (`accepted`), or it takes none, and says why a repeat does no harm.
 */
export type Repeats = { readonly key: 'required' | 'accepted' } | { readonly noKey: string }

/** The key of a request. Two requests are one when their scopes are equal, and then their fingerprints have to be, too. */
export interface RequestKey {
  /** The key as the caller sent it, without quotes. */
  readonly text: string
  readonly operation: string
  /** SHA-256 of caller, operation and key: nobody meets the key of another, and no key meets one of another operation. */
  readonly scope: Buffer
  /** SHA-256 of method, path, canonical body and caller. */
  readonly fingerprint: Buffer
}

export const keyLengthMax = 255
/** How long an answer is kept at the least, in hours. Link endpoints keep no answers: their business keys hold for ever. */
export const keptHours = 24

/** A string of RFC 8941: printable ASCII in double quotes, with `\` before a quote and a backslash. */
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
/** The same without quotes, as many clients send it; a comma would be two headers that were joined. */
const bare = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/

/** Reads the header, with its quotes or without; undefined when there is none. Throws 400 for more than one, or another form. */
export function readKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = bare.test(header) ? header : quoted.exec(header)?.[1]?.replaceAll(/\\(.)/g, '$1')
  if (text !== undefined && text !== '' && text.length <= keyLengthMax) return text
  const detail = `one key of 1 to ${keyLengthMax} printable ASCII characters, in double quotes or bare, such as a UUID`
  throw new Problem('idempotency_key_format', {
    detail: `Idempotency-Key must be ${detail}`,
    errors: [{ pointer: 'idempotency-key', code: 'format', detail: `must be ${detail}` }],
  })
}

/** Throws 400 when an operation that cannot do without a key is called without. */
export function demandKey(repeats: Repeats, text: string | undefined): void {
  if (text !== undefined || !('key' in repeats) || repeats.key === 'accepted') return
  throw new Problem('idempotency_key_missing', {
    detail: 'this operation needs an Idempotency-Key; a delivery over a link sends the id of its fact',
    errors: [{ pointer: 'idempotency-key', code: 'required', detail: 'is missing' }],
  })
}

export interface KeyedRequest {
  readonly operation: string
  readonly method: string
  /** With its parameters. */
  readonly path: string
  readonly body: unknown
  readonly caller: Caller | null
}

export function requestKey(text: string, { operation, method, path, body, caller }: KeyedRequest): RequestKey {
  const who = callerName(caller)
  return {
    text,
    operation,
    scope: digest([who, operation, text]),
    fingerprint: digest([method, path, body === undefined ? '' : canonicalJson(body), who]),
  }
}

function callerName(caller: Caller | null): string {
  if (caller === null) return 'anybody'
  if (caller.kind === 'person') return `person:${caller.subject}`
  return caller.kind === 'service' ? `service:${caller.service}:${caller.link ?? ''}` : caller.kind
}

/** Of the parts as a list, so that none can run into the next. */
const digest = (parts: readonly string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest()
