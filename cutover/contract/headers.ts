import type { Message, Stamp } from './message.ts'

/** What the envelope does not hold travels in headers, the same on both routes. */
export function toHeaders(message: Message): Record<string, string> {
  return {
    'cutover-fact': message.factId,
    'cutover-event': message.event,
    'cutover-version': String(message.version),
    'cutover-business-key': message.businessKey,
    'cutover-order-key': message.orderKey,
    'cutover-source': message.source,
    'cutover-position': message.position,
    'cutover-stamps': JSON.stringify(message.stamps),
    ...(message.revision === null ? {} : { 'cutover-revision': String(message.revision) }),
    ...(message.removed === true ? { 'cutover-removed': 'true' } : {}),
    ...(message.traceparent === null ? {} : { traceparent: message.traceparent }),
  }
}

export type Headers = Readonly<Record<string, string | undefined>>

/** Why headers do not describe a message: a code, and a sentence. */
export interface WrongHeaders {
  readonly code: 'header_invalid' | 'version_invalid'
  readonly wrong: string
}

/** Reads a message from its headers. Answers with what is wrong when they do not describe one. */
export function fromHeaders(headers: Headers, bytes: string): Message | WrongHeaders {
  const [factId, event, version, source, position] = ['fact', 'event', 'version', 'source', 'position'].map(
    name => headers[`cutover-${name}`],
  )
  if (factId === undefined || !/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(factId)) {
    return invalid('header cutover-fact must be a UUID')
  }
  if (event === undefined || source === undefined) return invalid('headers cutover-event and cutover-source are required')
  if (version === undefined || !/^\d{1,6}$/.test(version))
    return { code: 'version_invalid', wrong: 'header cutover-version must be a whole number from 0 to 999999' }
  if (position === undefined || !/^\d{1,18}$/.test(position)) return invalid('header cutover-position must be a number')
  const revision = headers['cutover-revision']
  if (revision !== undefined && !/^\d{1,15}$/.test(revision)) return invalid('header cutover-revision must be a number')
  const stamps = parseStamps(headers['cutover-stamps'])
  if (stamps === undefined) return invalid('header cutover-stamps must be a JSON object of stamps by link')
  return {
    factId,
    event,
    version: Number(version),
    businessKey: headers['cutover-business-key'] ?? '',
    orderKey: headers['cutover-order-key'] ?? '',
    revision: revision === undefined ? null : Number(revision),
    ...(headers['cutover-removed'] === 'true' ? { removed: true } : {}),
    source,
    position,
    stamps,
    traceparent: headers['traceparent'] ?? null,
    bytes,
  }
}

const invalid = (wrong: string): WrongHeaders => ({ code: 'header_invalid', wrong })

/**
 * No stamps at all, and a route that nobody here knows, are legal here: the receiver parks such a message. What is there
 * must be well formed.
 */
function parseStamps(text: string | undefined): Record<string, Stamp> | undefined {
  if (text === undefined) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.values(value).every(isStamp) ? (value as Record<string, Stamp>) : undefined
  } catch {
    return undefined
  }
}

function isStamp(value: unknown): value is Stamp {
  const stamp = value as Partial<Stamp> | null
  return typeof stamp === 'object' && stamp !== null && typeof stamp.route === 'string' && Number.isSafeInteger(stamp.epoch)
}
