import type { Incoming, Message } from '../contract/message.ts'
import { isEnvelope, type Registry } from '../registry/registry.ts'
import type { Outcome } from './outcome.ts'

/**
 * Reads the bytes as an envelope of the version that the headers name; what is not one is dead, with its bytes kept. The
 * payload is brought to the newest version, from the original bytes, whenever that is: handlers know no other.
 */
export function readMessage(message: Message, registry: Registry): Incoming | Outcome {
  const dead = (code: string, detail: string): Outcome => ({ is: 'dead', code, detail })
  if (message.bytes === '') return dead('empty_value', 'the message is empty')
  let value: unknown
  try {
    value = JSON.parse(message.bytes)
  } catch {
    return dead('not_json', 'the message is not JSON')
  }
  if (!isEnvelope(value)) return dead('not_an_envelope', 'the message has no payload and meta objects')
  const event = registry.event(message.event)
  if (event === undefined) return dead('event_unknown', `${message.event} is not an event of this system`)
  if (value.meta.event_id !== message.factId) return dead('fact_mismatch', 'meta.event_id and the header cutover-fact differ')
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
