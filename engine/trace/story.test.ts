import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TracePlace, TracePlaceName } from 'cutover/contract/trace'
import { creditLink } from '../../tests/small-world.ts'
import { wordLink } from '../../tests/copying.ts'
import { traceSaid } from '../api/trace.ts'
import { bornAt, type Seen, storyOf } from './story.ts'

const fact = '019a7c1e-5d2b-7e3a-9c4f-1b2a3c4d5e6f'
const at = (second: number): string => `2026-01-31T09:30:0${second}.000Z`
const ports = { links: [creditLink, wordLink], code: {}, away: new Set<string>() }

function seen(service: string, place: TracePlaceName, second: number | null, numbers: TracePlace['numbers'] = {}, link = 'COMM-040'): Seen {
  return { service, place, fact, link, at: second === null ? null : at(second), numbers }
}
const issued = (numbers: TracePlace['numbers'] = {}, place: TracePlaceName = 'outbox'): Seen =>
  seen('hiring', place, 1, {
    position: '7',
    event: 'TaskCompleted',
    version: 0,
    key: 'TaskCompleted:t:c',
    route: 'event',
    epoch: 4,
    shadow: false,
    published: false,
    compared: false,
    ...numbers,
  })
const receipt = (via: string): Seen => seen('bonuses', 'receipt', 3, { outcome: 'done', rule: null, via })
const now = (all: readonly Seen[], more: Partial<typeof ports> = {}): string => {
  const { now } = storyOf(fact, all, { ...ports, ...more })
  return now.map(one => `${one.code}${one.terminal ? ' !' : ''}${one.commands.length > 0 ? ` ${one.commands.join('; ')}` : ''}`).join(', ')
}

test('where a fact is follows from what is stored of it', () => {
  const parked = (waits: string): Seen => seen('bonuses', 'parked', 2, { waits_for: waits, tries: 1 })
  const dead = (state: string, place: 'dead' | 'refused' = 'dead'): Seen =>
    seen('bonuses', place, 2, { id: '3', code: 'not_json', attempts: 1, state })
  assert.equal(now([issued()]), 'now_unpublished npx cutover doctor')
  assert.equal(now([issued({ published: true })]), 'now_published npx cutover doctor')
  assert.equal(now([issued({ route: 'http', published: null })]), 'now_called npx cutover doctor')
  assert.equal(now([issued(), seen('hiring', 'retry', 2, { attempts: 3, next_at: 'soon' })]), 'now_retrying npx cutover status')
  assert.equal(now([issued(), parked('capability:act:COMM-040')]), 'now_parked npx cutover deploy bonuses --add act:COMM-040')
  assert.equal(now([issued(), parked('L-2:1')]), 'now_parked npx cutover reads L-2')
  assert.equal(now([issued(), parked('something')]), 'now_parked npx cutover doctor')
  assert.equal(now([issued(), dead('open')]), 'now_dead npx cutover dead-letters show bonuses:3')
  assert.equal(now([issued(), dead('open', 'refused')]), 'now_dead npx cutover dead-letters show bonuses:3')
  assert.equal(now([issued(), dead('resolved'), receipt('event')]), 'now_done !')
  assert.equal(now([issued({ compared: true })]), 'now_forgotten !')
  assert.equal(now([issued({ compared: true }, 'carried')]), 'now_unpublished npx cutover doctor')
  assert.equal(now([seen('bonuses', 'effect', null, { amount: 5 })]), 'now_effect !')
  assert.equal(now([seen('hiring', 'stated', null, { row: 't:c' })]), 'now_lost npx cutover verify')
  assert.equal(now([seen('counting', 'stated', null, {}, 'L-2')]), 'now_told !')
})

test('while somebody could not be asked nothing is called lost', () => {
  assert.equal(now([issued()], { away: new Set(['bonuses']) }), 'now_unknown npx cutover status')
  assert.equal(now([seen('hiring', 'stated', null, {})], { away: new Set(['hiring']) }), 'now_unknown npx cutover status')
  assert.equal(now([receipt('http')], { away: new Set(['hiring']) }), 'now_done !')
})

test('the way is told in the order in which it happened; a time that is not known is not made up', () => {
  const all = [
    seen('bonuses', 'effect', null, { amount: 1_000, rating: 50, policy_version: 1, candidate_id: null }),
    receipt('event'),
    seen('hiring', 'stated', null, { creator_id: 'm' }),
    issued({ published: true, topic: 'hiring.task-completed', partition: 2, compared: true }),
  ]
  const { lines, event, key } = storyOf(fact, all, { ...ports, code: { 'COMM-040': { states: 'a.ts', acts: 'b.ts' } } })
  assert.deepEqual(
    lines.map(line => [line.code, line.at, line.file]),
    [
      ['stated', at(1), 'cutover/outbox/append.ts'],
      ['row', at(1), 'a.ts'],
      ['stamped', at(1), 'cutover/outbox/fact.ts'],
      ['published', null, 'cutover/relay/event-lane.ts'],
      ['received', at(3), 'cutover/consumer/consumer.ts'],
      ['outcome', at(3), 'cutover/receive/receiver.ts'],
      ['effect', at(3), 'b.ts'],
      ['compared', null, 'cutover/relay/sweep.ts'],
    ],
  )
  assert.deepEqual([event, key], ['TaskCompleted', 'TaskCompleted:t:c'])
  assert.equal(traceSaid(lines[6] as never), 'the effect: amount 1000, rating 50, policy_version 1')
})

test('a fact whose outbox row was let go still tells when it was made', () => {
  assert.equal(bornAt(fact), new Date(0x019a7c1e5d2b).toISOString())
  assert.equal(bornAt('019a7c1e-5d2b-4e3a-9c4f-1b2a3c4d5e6f'), null)
  const { lines } = storyOf(fact, [receipt('http')], ports)
  assert.deepEqual(
    lines.map(line => [line.service, line.code]),
    [
      ['hiring', 'minted'],
      ['bonuses', 'received'],
      ['bonuses', 'outcome'],
    ],
  )
})
