import type { LinkContract } from '../contract/contract.ts'
import type { Headers } from '../contract/headers.ts'
import { JsonError, parseStrict } from '../contract/strict-json.ts'
import { canonicalJson } from '../contract/json.ts'
import { type FieldError, Problem } from '../failure/problem.ts'
import { type ReadLetter, readContent, type Reader, validOf } from './letter.ts'
import type { Content } from './store.ts'

/** One place that is set or taken out: `/payload/…`, `/meta/…`, `/headers/NAME`, or `` for the whole envelope. */
export interface Change {
  readonly path: string
  readonly value?: unknown
  readonly remove?: boolean
}

/** What of a message a second person has to look at before anybody acts on the change. */
export type Touch = 'identity' | 'stamp' | 'effect'

const refuse = (pointer: string, code: string, detail: string): never => {
  throw new Problem('edit_invalid', {
    detail: `the change cannot be made at ${pointer === '' ? 'the whole' : pointer}: it ${detail}. Nothing was stored`,
    errors: [{ pointer, code, detail }],
  })
}

/** The content with the changes. Throws `edit_invalid` where a change has no place. Bytes that are not changed stay as they are. Pure. */
export function changed(content: Content, changes: readonly Change[]): Content {
  const headers: Record<string, string> = { ...(JSON.parse(content.headers) as Record<string, string>) }
  let envelope: { readonly value: unknown } | undefined
  for (const { path, value, remove = false } of changes) {
    const [area, ...rest] = path.split('/').slice(1).map(unescaped)
    if (value === undefined && !remove) refuse(path, 'required', 'is given no value; give one, or remove it')
    if (path === '') {
      if (remove || typeof value !== 'object' || value === null) refuse(path, 'type', 'must be given a whole envelope, an object')
      envelope = { value }
    } else if (area === 'headers' && rest.length === 1) {
      const name = (rest[0] ?? '').toLowerCase()
      if (remove) delete headers[name]
      else headers[name] = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
    } else if ((area === 'payload' || area === 'meta') && rest.length > 0) {
      envelope ??= { value: envelopeIn(content.bytes, path) }
      setAt(envelope.value, [area, ...rest], path, remove ? undefined : { value })
    } else refuse(path, 'path', 'is none of /payload/FIELD, /meta/FIELD, /headers/NAME or the empty path')
  }
  return {
    bytes: envelope === undefined ? content.bytes : Buffer.from(JSON.stringify(envelope.value)),
    headers: JSON.stringify(headers),
  }
}

/** Read strictly: a number that loses digits when it is read would be changed by a change of something else. */
function envelopeIn(bytes: Uint8Array, path: string): unknown {
  try {
    return parseStrict(bytes)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return refuse(
      path,
      error.code,
      `has no place, because the bytes cannot be read (${error.message}); give the whole envelope with the empty path`,
    )
  }
}

function setAt(root: unknown, path: readonly string[], pointer: string, to: { readonly value: unknown } | undefined): void {
  let at = root
  for (const [index, name] of path.entries()) {
    if (['__proto__', 'constructor', 'prototype'].includes(name)) refuse(pointer, 'key_forbidden', 'names a key that is not allowed')
    if (typeof at !== 'object' || at === null) return refuse(pointer, 'path', 'leads into something that has no fields')
    const place = at as Record<string, unknown>
    if (Array.isArray(at) && !/^\d{1,6}$/.test(name)) refuse(pointer, 'path', 'must give the place in a list as a number')
    if (index < path.length - 1)
      at = Object.hasOwn(place, name) ? place[name] : refuse(pointer, 'path', 'leads through a field that is not there')
    else if (to !== undefined) place[name] = to.value
    else if (Array.isArray(at)) at.splice(Number(name), 1)
    else delete place[name]
  }
}

const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')

/** Everything that is wrong with a content that is to be handled on this link. Empty when it is a message within its bounds. */
export function errorsOf(content: Content, link: LinkContract, { registry }: Reader): readonly FieldError[] {
  const valid = validOf(readContent(JSON.parse(content.headers) as Headers, content.bytes), registry)
  if ('errors' in valid) return valid.errors
  const { message, newest } = valid
  return [
    ...(message.source === link.from ? [] : [{ pointer: '/headers/cutover-source', code: 'choice', detail: `must be ${link.from}` }]),
    ...(message.event === link.event ? [] : [{ pointer: '/headers/cutover-event', code: 'choice', detail: `must be ${link.event}` }]),
    ...registry.outOfBounds(newest, message.event),
  ]
}

/**
 * What an edit touches, against the original: who the fact is, what was stamped on it, and what its effect depends on. On a
 * business link that is any field of the payload; of an original that cannot be read nobody knows, so it is everything. Pure.
 */
export function touchesOf(original: ReadLetter, after: ReadLetter, link: LinkContract): readonly Touch[] {
  if ('wrong' in original || 'wrong' in after) return ['identity', 'stamp', 'effect']
  const [a, b] = [original.message, after.message]
  const touches: Touch[] = []
  const differs = (...pairs: readonly (readonly [unknown, unknown])[]): boolean =>
    pairs.some(([one, other]) => canonicalJson(one ?? null) !== canonicalJson(other ?? null))
  const [old, now] = [envelopeOf(a.bytes), envelopeOf(b.bytes)]
  const named = [a.factId, a.source, a.event, a.position, original.via, old?.meta?.event_id ?? null]
  if (differs([named, [b.factId, b.source, b.event, b.position, after.via, now?.meta?.event_id ?? null]])) touches.push('identity')
  if (differs([a.stamps, b.stamps])) touches.push('stamp')
  const keys = differs(
    [a.businessKey, b.businessKey],
    [a.orderKey, b.orderKey],
    [a.revision, b.revision],
    [a.removed, b.removed],
    [a.version, b.version],
  )
  // What was no envelope may have meant anything. On a data link only the keys count: a later revision puts the rest right.
  const payload = link.kind === 'business' && differs([old?.payload, now?.payload])
  if (keys || payload || old?.payload === undefined) touches.push('effect')
  return touches
}

interface Loose {
  readonly payload?: unknown
  readonly meta?: { readonly event_id?: unknown }
}

function envelopeOf(bytes: string): Loose | null {
  try {
    return JSON.parse(bytes) as Loose | null
  } catch {
    return null
  }
}
