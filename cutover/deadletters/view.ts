import type { Headers } from '../contract/headers.ts'
import type { FieldError } from '../failure/problem.ts'
import type { Change } from './edit.ts'
import { bytesOf, headersOf, readContent, readLetter, type Reader, shownError, validOf } from './letter.ts'
import { masked, maskText } from './mask.ts'
import type { HistoryLine, Job, Letter } from './store.ts'

/** A message as operators may see it. */
export interface ShownMessage {
  /** Masked; null when the bytes are hidden whole, because nobody knows what in them is personal. */
  readonly value: unknown
  readonly headers: Readonly<Record<string, string>>
  readonly size: number
  /** What is wrong with it: where, by which rule. Never a value. */
  readonly errors: readonly FieldError[]
}

/** A letter in a list. Wire names. */
export function letterRow(letter: Letter, reader: Reader): object {
  const { id, side, link, fact_id, event, version, code, fingerprint, cause, attempts, state, job } = letter
  return {
    id,
    side,
    link,
    fact_id,
    event,
    version,
    code,
    cause: fingerprint,
    text: cause,
    attempts,
    state,
    job,
    first_at: letter.created_at,
    last_at: letter.last_failed_at,
    edited: letter.edit !== null,
    money: isMoney(letter.link, reader),
  }
}

/** A link that is not known any more may have moved money. */
export const isMoney = (id: string, { links }: Reader): boolean => {
  const link = links.find(one => one.id === id)
  return link === undefined || link.money === true
}

/** All that may be shown of a letter. */
export function letterView(letter: Letter, history: readonly HistoryLine[], reader: Reader): object {
  const original = { ...letter, edit: null }
  const { edit } = letter
  return {
    ...letterRow(letter, reader),
    origin: letter.origin,
    error: shownError(letter, reader),
    original: shown(original, reader),
    edit:
      edit === null
        ? null
        : {
            author: edit.author,
            reason: edit.reason,
            at: edit.at,
            touches: edit.touches,
            // The places only: what was set stands in the message, masked.
            changed: (JSON.parse(edit.patch) as Change[]).map(({ path }) => path),
            message: shown(letter, reader),
          },
    history,
  }
}

function shown(letter: Letter, reader: Reader): ShownMessage {
  const read = readLetter(letter, reader.service)
  const valid = validOf('gone' in read ? readContent({}, bytesOf(letter)) : read, reader.registry)
  const size = bytesOf(letter).length
  const headers = shownHeaders(headersOf(letter, reader.service), letter, reader, !('errors' in valid))
  if ('errors' in valid) return { value: null, headers, size, errors: valid.errors }
  return {
    value: masked(valid.stated, valid.documents),
    headers,
    size,
    errors: reader.registry.outOfBounds(valid.newest, valid.message.event),
  }
}

/** Formats that can hold nothing about a person. */
const plainHeaders: Readonly<Record<string, RegExp>> = {
  'cutover-fact': /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'cutover-version': /^\d{1,6}$/,
  'cutover-position': /^\d{1,18}$/,
  'cutover-revision': /^\d{1,15}$/,
  'cutover-removed': /^(true|false)$/,
  traceparent: /^[0-9a-f-]{1,80}$/,
  via: /^(http|event)$/,
}
/** They are computed from the payload, and so may be seen where that was found to be right. */
const keyHeaders = ['cutover-business-key', 'cutover-order-key']

function shownHeaders(headers: Headers, { link }: Letter, reader: Reader, valid: boolean): Record<string, string> {
  const from = reader.links.find(one => one.id === link)?.from
  const may = (name: string, value: string): boolean =>
    plainHeaders[name]?.test(value) === true ||
    (name === 'cutover-event' && reader.registry.event(value) !== undefined) ||
    (name === 'cutover-source' && value === from) ||
    (valid && (keyHeaders.includes(name) || name === 'cutover-stamps'))
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value], index) => {
      if (value === undefined) return []
      const known = name in plainHeaders || name.startsWith('cutover-')
      return [[known ? name : `${maskText}${index}`, may(name, value) ? value : maskText]]
    }),
  )
}

/** A job. Wire names. */
export const jobRow = ({ request: _, ...job }: Job): object => job
