import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LinkContract } from '../contract/contract.ts'
import type { Message, Stamp } from '../contract/message.ts'
import { judge } from './judge.ts'

const link: LinkContract = {
  id: 'COMM-040',
  from: 'hiring',
  to: 'bonuses',
  kind: 'business',
  title: 'credit for a right solution',
  event: 'TaskCompleted',
  http: { method: 'POST', path: '/credits' },
  start: 'http',
  order: 'commutes',
}

const aMessage = (stamp: Stamp | undefined, changes: Partial<Message> = {}): Message => ({
  factId: '01890000-0000-7000-8000-000000000001',
  event: 'TaskCompleted',
  version: 0,
  businessKey: 'TaskCompleted:t:c',
  orderKey: 't',
  revision: null,
  source: 'hiring',
  position: '1',
  stamps: stamp === undefined ? {} : { 'COMM-040': stamp },
  traceparent: null,
  bytes: '{}',
  ...changes,
})

const both = ['http', 'event'] as const
const http: Stamp = { route: 'http', epoch: 1 }
const event: Stamp = { route: 'event', epoch: 2 }

test('only the stamped route acts', () => {
  assert.equal(judge(aMessage(http), link, [0], 'http', both).do, 'act')
  assert.equal(judge(aMessage(event), link, [0], 'event', both).do, 'act')
})

test('an event whose authority is http is recorded, never acted on', () => {
  assert.equal(judge(aMessage({ ...http, shadow: true }), link, [0], 'event', both).do, 'record')
})

test('a call for a fact whose route is event is refused', () => {
  assert.equal(judge(aMessage(event), link, [0], 'http', both).do, 'dead')
})

test('a missing stamp, a newer version and a consumer without any version park the message', () => {
  assert.equal(judge(aMessage(undefined), link, [0], 'event', both).do, 'park')
  assert.equal(judge(aMessage(event, { version: 1 }), link, [0], 'event', both).do, 'park')
  assert.equal(judge(aMessage(event), link, [], 'event', both).do, 'park')
})

test('a wrong event and a wrong producer are dead, with a reason', () => {
  assert.equal(judge(aMessage(event, { event: 'TaskFailed' }), link, [0], 'event', both).do, 'dead')
  assert.equal(judge(aMessage(event, { source: 'management' }), link, [0], 'event', both).do, 'dead')
})

const data: LinkContract = { ...link, kind: 'data' }

test('a data link stores its copy whatever its stamp says', () => {
  for (const stamp of [event, http, { ...http, shadow: true as const }])
    assert.equal(judge(aMessage(stamp), data, [0], 'event', both).do, 'act')
})

test('what was told over other links only is nothing to a data link, and what was stamped for none is parked', () => {
  assert.equal(judge(aMessage(undefined, { stamps: { 'COMM-070': event } }), data, [0], 'event', both).do, 'pass')
  assert.deepEqual(judge(aMessage(undefined), data, [0], 'event', both), { do: 'park', waitsFor: 'stamp_unknown:COMM-040' })
  assert.equal(judge(aMessage(undefined, { stamps: { 'COMM-070': event } }), link, [0], 'event', both).do, 'park')
})

test('what it is not able to act on it parks, and records what it may only record', () => {
  const wait = { do: 'park', waitsFor: 'capability:act:COMM-040' }
  for (const acts of [[], ['http']] as const) {
    assert.deepEqual(judge(aMessage(event), link, [0], 'event', acts), wait)
    assert.deepEqual(judge(aMessage(event), data, [0], 'event', acts), wait)
    assert.equal(judge(aMessage({ ...http, shadow: true }), link, [0], 'event', acts).do, 'record')
  }
  assert.deepEqual(judge(aMessage(http), link, [0], 'http', []), { do: 'park', waitsFor: 'capability:serve:COMM-040' })
  assert.equal(judge(aMessage(event, { source: 'management' }), link, [0], 'event', []).do, 'dead')
})
