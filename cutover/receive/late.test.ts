import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aFact } from '../../tests/counting.ts'
import type { Route } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import { lateOf, newestOf } from './late.ts'

const stamped = (route: Route, epoch: number, factId?: string): Message => ({
  ...aFact('a', factId === undefined ? {} : { factId }),
  stamps: { 'L-1': { route, epoch } },
})
const newest = { epoch: 4, route: 'event' } as const
const none = (): boolean => false

test('the newest stamp is the one of the highest epoch, and says the route where only the epoch was kept', () => {
  const seen = { epoch: 3, route: 'http' } as const
  assert.deepEqual(newestOf([stamped('http', 2), stamped('event', 4), stamped('http', 3)], 'L-1', seen), newest)
  assert.deepEqual(newestOf([stamped('event', 2)], 'L-1', seen), seen)
  assert.deepEqual(newestOf([stamped('event', 4)], 'L-1', { epoch: 4, route: null }), newest)
  assert.deepEqual(newestOf([{ ...stamped('event', 9), stamps: {} }], 'L-1', seen), seen)
})

test('late is what has another route, an older epoch, and no receipt; once per fact', () => {
  const stray = stamped('http', 3)
  assert.deepEqual(lateOf([stray, stray], 'L-1', newest, none), [stray])
  for (const fine of [stamped('event', 3), stamped('http', 4), stamped('http', 5), { ...stray, stamps: {} }])
    assert.deepEqual(lateOf([fine], 'L-1', newest, none), [])
  assert.deepEqual(
    lateOf([stray], 'L-1', newest, fact => fact === stray.factId),
    [],
  )
  assert.deepEqual(lateOf([stray], 'L-1', { epoch: 4, route: null }, none), [])
})
