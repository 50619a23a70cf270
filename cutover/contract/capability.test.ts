import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCapabilities, parseCapability, possibleCapabilities, startingCapabilities } from './capability.ts'
import type { LinkContract } from './contract.ts'

const link = (id: string, more: Partial<LinkContract>): LinkContract => ({
  id,
  from: 'hiring',
  to: 'bonuses',
  kind: 'business',
  title: '',
  event: 'Counted',
  http: { method: 'POST', path: '/counts' },
  start: 'http',
  order: 'commutes',
  ...more,
})

const links = [
  link('L-1', {}),
  link('L-2', { start: 'event' }),
  link('L-3', { kind: 'data', start: 'event' }),
  link('L-4', { kind: 'data' }),
  link('L-5', { from: 'management', to: 'hiring' }),
]

test('a capability has one of the abilities and a link or a version, and nothing else', () => {
  assert.deepEqual(parseCapability('record:COMM-040'), { ability: 'record', subject: 'COMM-040' })
  assert.deepEqual(parseCapability('handle:TaskCreated-v1'), { ability: 'handle', subject: 'TaskCreated-v1' })
  for (const text of [
    '',
    'record',
    'record:',
    ':COMM-040',
    'melt:COMM-040',
    'record:COMM-040 ',
    ' record:L',
    'record:L:1',
    'Record:L',
    'act:L\n',
  ])
    assert.equal(parseCapability(text), null, text)
})

test('the starting form can do what the starting routes need, each service on its side, and no more', () => {
  assert.deepEqual(startingCapabilities(links, 'hiring'), ['call:L-1', 'produce:L-2', 'produce:L-3', 'serve:L-4', 'serve:L-5'])
  assert.deepEqual(startingCapabilities(links, 'bonuses'), ['serve:L-1', 'act:L-2', 'act:L-3', 'call:L-4'])
  assert.deepEqual(startingCapabilities(links, 'management'), ['call:L-5'])
})

test('by HTTP an effect is pushed and state is pulled: on a data link the reader calls, and the owner serves', () => {
  const possible = (service: string): string => possibleCapabilities(links, service).join(' ')
  assert.equal(possible('bonuses'), 'serve:L-1 record:L-1 act:L-1 serve:L-2 record:L-2 act:L-2 call:L-3 act:L-3 call:L-4 act:L-4')
  assert.equal(
    possible('hiring'),
    'call:L-1 produce:L-1 call:L-2 produce:L-2 serve:L-3 produce:L-3 serve:L-4 produce:L-4 serve:L-5 record:L-5 act:L-5',
  )
})

test('no capability at all is written as a word, because an empty variable says that nothing is set', () => {
  assert.equal(formatCapabilities([]), 'none')
  assert.equal(formatCapabilities(['call:L-1', 'serve:L-5']), 'call:L-1,serve:L-5')
})
