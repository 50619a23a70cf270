import { isUtf8 } from 'node:buffer'
import { type Broker, TopicQuarantined, TopicRetired } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import { headersOf, type Reader, shownError } from './letter.ts'
import type { Letter, Result } from './store.ts'

const stackMax = 16_384

/** The group that failed to handle the letter: a consumer, or the sender's lane of the link. */
export const groupOf = ({ link }: Pick<Letter, 'link'>, service: string): string => `${service}.${link}`

/** Where letters of a topic and a group are exported to. */
export const exportTopic = (topic: string, group: string): string => `${topic}.${group}.dlq`

/** Appends the original as it came, with what happened to it in the header names that other tools read. The letter stays. */
export async function exported(
  { broker, events, reader }: { readonly broker: Broker; readonly events: readonly EventContract[]; readonly reader: Reader },
  letter: Letter,
): Promise<Result> {
  const link = reader.links.find(one => one.id === letter.link)
  const event = events.find(one => one.name === link?.event)
  if (event === undefined) return { outcome: 'not_exported', detail: `${letter.link} carries no event of this system` }
  const topic = exportTopic(event.topic, groupOf(letter, reader.service))
  try {
    await broker.createTopic(topic, 1)
    const original = headersOf({ ...letter, edit: null }, reader.service)
    const text = isUtf8(letter.bytes) && !letter.bytes.includes(0)
    await broker.append(topic, [
      {
        key: original['cutover-order-key'] ?? '',
        // A log of texts cannot hold what is none.
        value: Buffer.from(letter.bytes).toString(text ? 'utf8' : 'base64'),
        headers: {
          ...Object.fromEntries(Object.entries(original).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
          ...(text ? {} : { 'cutover-encoding': 'base64' }),
          ...failureHeaders(letter, event, reader),
        },
      },
    ])
  } catch (error) {
    if (error instanceof TopicQuarantined || error instanceof TopicRetired) return { outcome: 'not_exported', detail: error.message }
    throw error
  }
  return { outcome: 'exported', detail: topic }
}

/** Spring's names, Kafka Connect's, and ours. The values are text. What is not known is left out. */
export function failureHeaders(letter: Letter, event: EventContract, reader: Reader): Record<string, string> {
  const group = groupOf(letter, reader.service)
  const error = shownError(letter, reader)
  const [message = ''] = error.split('\n')
  const place = /^[0-9a-f-]{36}\/(\d+)\/(\d+)$/.exec(letter.origin)
  const [partition, offset] = [place?.[1], place?.[2]]
  const known = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  return known({
    'kafka_dlt-original-topic': event.topic,
    'kafka_dlt-original-partition': partition,
    'kafka_dlt-original-offset': offset,
    'kafka_dlt-original-timestamp': String(letter.created_at.getTime()),
    'kafka_dlt-original-timestamp-type': 'CreateTime',
    'kafka_dlt-original-consumer-group': group,
    'kafka_dlt-exception-fqcn': `cutover.${letter.code}`,
    'kafka_dlt-exception-cause-fqcn': `cutover.${letter.code}`,
    'kafka_dlt-exception-message': message,
    'kafka_dlt-exception-stacktrace': error.slice(0, stackMax),
    '__connect.errors.topic': event.topic,
    '__connect.errors.partition': partition,
    '__connect.errors.offset': offset,
    '__connect.errors.connector.name': group,
    '__connect.errors.task.id': '0',
    '__connect.errors.stage': letter.side === 'relay' ? 'TASK_PUT' : 'VALUE_CONVERTER',
    '__connect.errors.class.name': group,
    '__connect.errors.exception.class.name': `cutover.${letter.code}`,
    '__connect.errors.exception.message': message,
    '__connect.errors.exception.stacktrace': error.slice(0, stackMax),
    'cutover-attempts': String(letter.attempts),
    'cutover-first-failed-at': letter.created_at.toISOString(),
    'cutover-link': letter.link,
    'cutover-failure-kind': kindOf(letter.code),
  })
}

const schemaCodes = [
  'empty_value',
  'not_json',
  'not_an_envelope',
  'schema',
  'fact_mismatch',
  'version_mismatch',
  'key_mismatch',
  'header_invalid',
  'utf8_invalid',
  'body_invalid',
]

/** schema, unknown-version, timeout or business. */
function kindOf(code: string): string {
  if (schemaCodes.includes(code)) return 'schema'
  if (code.startsWith('version_') || code === 'event_unknown') return 'unknown-version'
  return code === 'waited_too_long' ? 'timeout' : 'business'
}
