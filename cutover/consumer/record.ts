import type { LogRecord } from '../broker/broker.ts'
import { fromHeaders } from '../contract/headers.ts'
import type { Message } from '../contract/message.ts'
import { unreadable } from '../receive/read.ts'

/**
 * The message that a record of the log holds, or why it holds none: what its value is says more than which header it
 * lacks, so the value is looked at first.
 */
export function readRecord({ headers, value, key }: LogRecord): Message | { readonly code: string; readonly wrong: string } {
  const message = fromHeaders(headers, value)
  if (!('wrong' in message) && key === message.orderKey) return message
  const bad = unreadable(value)
  if (bad !== null) return { code: bad.code, wrong: bad.detail }
  if ('wrong' in message) return message
  return { code: 'key_mismatch', wrong: 'the key of the record is not the order key of its fact: it may be in the wrong partition' }
}
