import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineEvent, type MessageOf } from 'cutover/contract'
import { openRegistry } from '../../cutover/registry/registry.ts'
import { TaskFailed } from './events/task-failed/event.ts'
import failedV0 from './events/task-failed/v0.ts'
import { events } from './events.ts'

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
  lenses: [{ up: (old: object) => ({ ...old, attempts: 1 }), down: ({ attempts: _, ...old }: { attempts: number }) => old }],
  orderKey: payload => payload.task_id,
  businessKey: payload => payload.task_id,
})
type Twice = MessageOf<typeof Twice>

const meta = { event_id: 'e', event_version: 1, event_name: 'TaskFailed', produced_at: '2026-01-01T00:00:00Z' }
const received = (message: Twice): Twice => message

test('a handler that still needs what the newest version may lack does not compile', () => {
  const one = received({ payload: { task_id: 't', attempts: 3 }, meta })
  // @ts-expect-error in version 1 it may be absent, so it is no string
  const creator: string = one.payload.creator_id
  assert.equal(creator, undefined)
  assert.equal(one.payload.attempts, 3)
})

test('an event whose versions are not joined by lenses is refused', () => {
  const { lenses: _, ...unjoined } = Twice
  assert.throws(() => openRegistry([unjoined]), /TaskFailed has 2 versions and 0 lenses/)
  openRegistry([Twice])
  openRegistry(events)
})

test('what was stated in an older version is read as the newest, and told in the older one again', () => {
  const registry = openRegistry([Twice])
  const old = { payload: { task_id: 't', creator_id: 'm', candidate_id: 'c' }, meta: { ...meta, event_version: 0 } }
  const newest = registry.toNewest(old, 'TaskFailed')
  assert.deepEqual(newest, { payload: { ...old.payload, attempts: 1 }, meta: old.meta })
  assert.deepEqual(registry.toNewest({ ...newest, meta }, 'TaskFailed').payload, newest.payload)
  assert.deepEqual(registry.toVersion(newest.payload, 'TaskFailed', 0), old.payload)
  assert.deepEqual(registry.toVersion(newest.payload, 'TaskFailed', 1), newest.payload)
})

test('a payload that lacks a field does not compile', () => {
  const keyOf = (payload: Parameters<typeof TaskFailed.businessKey>[0]): string => TaskFailed.businessKey(payload, null)
  assert.equal(keyOf({ task_id: 't', creator_id: 'm', candidate_id: 'c' }), 'TaskFailed:t:c')
  // @ts-expect-error the candidate is required
  assert.equal(keyOf({ task_id: 't', creator_id: 'm' }), 'TaskFailed:t:undefined')
})
