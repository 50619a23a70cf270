import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byVersion, type ByVersion, defineEvent, type MessageOf } from 'cutover/contract'
import { TaskFailed } from './events/task-failed/event.ts'
import failedV0 from './events/task-failed/v0.ts'

// The checker reads this file too: where an expected error does not occur, `npm run check` fails.

const failedV1 = {
  ...failedV0,
  properties: {
    payload: {
      ...failedV0.properties.payload,
      properties: { ...failedV0.properties.payload.properties, attempts: { type: 'integer' } },
      required: ['task_id', 'attempts'],
    },
    meta: { ...failedV0.properties.meta, properties: { ...failedV0.properties.meta.properties, event_version: { enum: [1] } } },
  },
} as const

const Twice = defineEvent({
  ...TaskFailed,
  versions: [failedV0, failedV1],
  orderKey: payload => payload.task_id,
  businessKey: payload => payload.task_id,
})
type Twice = MessageOf<typeof Twice>

const meta = { event_id: 'e', event_name: 'TaskFailed', produced_at: '2026-01-01T00:00:00Z' } as const
const received = (message: Twice): Twice => message
const one = received({ payload: { task_id: 't', attempts: 3 }, meta: { ...meta, event_version: 1 } })

test('a table of handlers that forgets a version does not compile', () => {
  // @ts-expect-error version 1 has no handler
  const forgetful: ByVersion<Twice, string> = { 0: message => message.payload.creator_id }
  assert.throws(() => byVersion(one)(forgetful), /TaskFailed v1 has no handler; handled versions: 0/)
})

test('each handler sees the payload of its own version', () => {
  const handled = byVersion(one)({
    0: message => message.payload.creator_id,
    // @ts-expect-error in version 1 it may be absent, so it is no string
    1: (message): string => message.payload.creator_id,
  })
  assert.equal(handled, undefined)
  assert.equal(byVersion(one)({ 0: () => -1, 1: message => message.payload.attempts }), 3)
})

test('a payload that lacks a field does not compile', () => {
  const keyOf = (payload: Parameters<typeof TaskFailed.businessKey>[0]): string => TaskFailed.businessKey(payload, null)
  assert.equal(keyOf({ task_id: 't', creator_id: 'm', candidate_id: 'c' }), 'TaskFailed:t:c')
  // @ts-expect-error the candidate is required
  assert.equal(keyOf({ task_id: 't', creator_id: 'm' }), 'TaskFailed:t:undefined')
})
