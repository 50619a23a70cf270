import { isUtf8 } from 'node:buffer'
import type { Envelope, EventContract, LinkContract } from '../contract/contract.ts'
import { fromHeaders, type Headers, toHeaders } from '../contract/headers.ts'
import type { Message } from '../contract/message.ts'
import type { FieldError } from '../failure/problem.ts'
import { toMessage } from '../outbox/store.ts'
import type { Via } from '../receive/judge.ts'
import { readMessage } from '../receive/read.ts'
import type { Registry } from '../registry/registry.ts'
import { causeOf, fingerprintOf } from './cause.ts'
import { type Documents, personalTexts, struck } from './mask.ts'
import type { Content, Description, Letter } from './store.ts'

/** What reading letters needs to know of the system. */
export interface Reader {
  readonly service: string
  readonly links: readonly LinkContract[]
  readonly registry: Registry
}

/** A letter's bytes as a message, or why they are none: a code and a sentence. */
export type ReadLetter =
  | { readonly message: Message; readonly via: Via }
  | { readonly wrong: { readonly code: string; readonly detail: string }; readonly gone?: true }

/** The headers of the message. A sender keeps them in its outbox row; where that is gone, only few are left. */
export function headersOf(letter: Letter, service: string): Headers {
  if (letter.edit !== null) return parsed(letter.edit.headers)
  if (letter.side === 'receive') return parsed(letter.headers)
  if (letter.held !== null) return toHeaders(toMessage(letter.held, service))
  return letter.fact_id === null ? {} : { 'cutover-fact': letter.fact_id }
}

const parsed = (headers: string): Headers => JSON.parse(headers) as Headers

/** The bytes that count: those of the edit, if there is one. */
export const bytesOf = (letter: Letter): Uint8Array => (letter.edit ?? letter).bytes

/** The letter as the message that a replay sends. */
export function readLetter(letter: Letter, service: string): ReadLetter {
  if (letter.side === 'relay' && letter.held === null)
    return { wrong: { code: 'fact_gone', detail: 'the sender does not hold the fact any more' }, gone: true }
  return readContent(headersOf(letter, service), bytesOf(letter))
}

/** The same for headers and bytes. */
export function readContent(headers: Headers, bytes: Uint8Array): ReadLetter {
  // Text would replace what is no UTF-8, and another message than the one that came would be handled.
  if (!isUtf8(bytes)) return { wrong: { code: 'utf8_invalid', detail: 'the bytes are not UTF-8' } }
  const message = fromHeaders(headers, Buffer.from(bytes).toString())
  if ('wrong' in message) return { wrong: { code: 'header_invalid', detail: message.wrong } }
  return { message, via: headers['via'] === 'http' ? 'http' : 'event' }
}

export interface ValidLetter {
  readonly message: Message
  readonly event: EventContract
  /** As it was stated, and with its payload brought to the newest version. */
  readonly stated: Envelope
  readonly newest: Envelope
  readonly documents: Documents
}

/** The message with its envelope, as long as a released document says what is in it; else what is wrong with it. */
export function validOf(read: ReadLetter, registry: Registry): ValidLetter | { readonly errors: readonly FieldError[] } {
  if ('wrong' in read) return { errors: [{ pointer: '', ...read.wrong }] }
  const { message } = read
  const incoming = readMessage(message, registry)
  const event = registry.event(message.event)
  const document = event?.versions[message.version]
  if (!('envelope' in incoming)) {
    const errors = event === undefined ? [] : schemaErrors(message, registry)
    return { errors: errors.length > 0 ? errors : [{ pointer: '', ...reasonOf(incoming) }] }
  }
  if (event === undefined || document === undefined)
    return { errors: [{ pointer: '/meta/event_version', code: 'version_unknown', detail: 'is not a released version' }] }
  const stated = JSON.parse(message.bytes) as Envelope
  return { message, event, stated, newest: incoming.envelope, documents: [event.bounds, ...event.versions.slice(message.version)] }
}

function schemaErrors(message: Message, registry: Registry): readonly FieldError[] {
  try {
    return registry.invalid(JSON.parse(message.bytes), message.event, message.version)
  } catch {
    return []
  }
}

const reasonOf = (outcome: object): { code: string; detail: string } => {
  const { code = 'invalid', detail = 'cannot be read' } = outcome as { code?: string; detail?: string }
  return { code, detail: quotesValues.has(code) ? code : detail }
}

/** Codes of ours whose texts quote what somebody has sent, a header for example. */
const quotesValues = new Set(['event_unknown', 'producer_unknown', 'wrong_topic', 'key_mismatch'])
/** Codes of ours whose texts name places and rules only. */
const quotesNothing = new Set([
  'empty_value',
  'crash_loop',
  'not_json',
  'not_an_envelope',
  'fact_mismatch',
  'version_mismatch',
  'schema',
  'header_invalid',
  'utf8_invalid',
])

/**
 * The error as it may be shown: without the values of personal fields. Of bytes that cannot be read nobody knows what is
 * personal: then only errors of ours are shown, which quote no values.
 */
export function shownError(letter: Letter, reader: Reader): string {
  const { code, error } = letter
  if (quotesNothing.has(code)) return error
  // The error is about what came, not about what it was changed to.
  const valid = validOf(readLetter({ ...letter, edit: null }, reader.service), reader.registry)
  if ('errors' in valid || quotesValues.has(code)) return `${code} (the error may quote the message, which cannot be read: it is not shown)`
  return struck(error, personalTexts(valid.stated, valid.documents))
}

/** Puts a letter into its group. */
export function describe(letter: Letter, reader: Reader): Description {
  const headers = letter.side === 'receive' ? parsed(letter.headers) : headersOf({ ...letter, edit: null }, reader.service)
  const event = reader.registry.event(headers['cutover-event'] ?? '')?.name ?? null
  const version = /^\d{1,6}$/.test(headers['cutover-version'] ?? '') ? Number(headers['cutover-version']) : null
  const cause = causeOf(shownError(letter, reader))
  return { event, version, cause, fingerprint: fingerprintOf(letter.code, cause) }
}

/** The content that counts, to be changed. */
export const contentOf = (letter: Letter, service: string): Content => ({
  bytes: bytesOf(letter),
  headers: JSON.stringify(headersOf(letter, service)),
})
