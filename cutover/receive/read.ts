import type { Incoming, Message } from '../contract/message.ts'
import { JsonError, parseStrict } from '../contract/strict-json.ts'
import { isEnvelope, type Registry } from '../registry/registry.ts'
import type { Outcome } from './outcome.ts'

/**
 * Why text cannot be read as JSON; null when it can. By event as strictly as by HTTP: what two parsers could take for two
 * things is refused on both routes.
 */
export function unreadable(text: string): { readonly code: string; readonly detail: string } | null {
  const read = readJson(text)
  return 'value' in read ? null : read
}

const encoder = new TextEncoder()

function readJson(text: string): { readonly value: unknown } | { readonly code: string; readonly detail: string } {
  if (text === '') return { code: 'empty_value', detail: 'the message has no value' }
  try {
    return { value: parseStrict(encoder.encode(text)) }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return {
      code: error.code === 'json_syntax' ? 'not_json' : error.code,
      detail: `the message is not JSON as it is read here: ${error.message}`,
    }
  }
}

/** Versions have six digits at the most, in headers as well. */
const versionMax = 999_999
const isVersion = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= versionMax

/**
 * Reads the bytes as an envelope of the version that the headers name; what is not one is dead, with its bytes kept. The
 * payload is brought to the newest version, from the original bytes, whenever that is: handlers know no other.
 */
export function readMessage(message: Message, registry: Registry): Incoming | Outcome {
  const dead = (code: string, detail: string): Outcome => ({ is: 'dead', code, detail })
  const read = readJson(message.bytes)
  if (!('value' in read)) return dead(read.code, read.detail)
  const { value } = read
  if (!isEnvelope(value)) return dead('not_an_envelope', 'the message has no payload and meta objects')
  const event = registry.event(message.event)
  if (event === undefined) return dead('event_unknown', `${message.event} is not an event of this system`)
  if (value.meta.event_id !== message.factId) return dead('fact_mismatch', 'meta.event_id and the header cutover-fact differ')
  if (!isVersion(value.meta.event_version))
    return dead('version_invalid', `meta.event_version must be a whole number from 0 to ${versionMax}`)
  if (value.meta.event_version !== message.version)
    return dead('version_mismatch', 'meta.event_version and the header cutover-version differ')
  // A version that is newer than this build: whoever judges it parks it, unread.
  if (message.version >= event.versions.length) return { ...message, envelope: value }
  const errors = registry.invalid(value, message.event, message.version)
  if (errors.length > 0) return dead('schema', errors.map(error => `${error.pointer} ${error.detail}`).join('; '))
  const envelope = registry.toNewest(value, message.event)
  // The key is computed from the payload, not believed: a header that says another one would make the fact a new one.
  const businessKey = event.businessKey(envelope.payload as never, message.revision)
  if (businessKey !== message.businessKey) return dead('key_mismatch', `the payload's business key is ${businessKey}`)
  return { ...message, envelope }
}
