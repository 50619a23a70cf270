import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from 'cutover/failure'
import { WordChanged, wordLink } from '../../tests/copying.ts'
import { transitionsOf } from '../plan/plan.ts'
import { refusalsOf, thing } from '../plan/state.ts'
import { generatePlan } from '../procedures/generate.ts'
import { refuseUnsound } from './unsound.ts'

const lossy = { ...wordLink, mayLose: true as const }
/** How a link stands that everything is ready for. */
const standing = (told: 'nothing' | 'everything') => ({
  [thing.consumer('L-2')]: 'act',
  [thing.endpoint('L-2')]: 'served',
  [thing.producer('L-2')]: 'able',
  [thing.calls('L-2')]: 'made',
  [thing.topic('WordChanged')]: 'open',
  [thing.registered('WordChanged', 0)]: 'yes',
  [thing.route('L-2')]: told === 'nothing' ? 'http' : 'event',
  [thing.reading('L-2')]: told === 'nothing' ? 'http' : 'replica',
  [thing.copy('L-2')]: told === 'nothing' ? 'absent' : 'present',
  [thing.told('L-2')]: told,
})

test('a plan of a direct link is refused, either way, with the command that moves it to the outbox', () => {
  for (const to of ['http', 'event'] as const) {
    const plan = generatePlan(lossy, to, [WordChanged])
    const found = (delivery: string) =>
      refusalsOf(transitionsOf(plan), { ...standing(to === 'http' ? 'everything' : 'nothing'), [thing.delivery('L-2')]: delivery })
    const about = found('direct').filter(one => one.about === thing.delivery('L-2'))
    assert.equal(about.length, 1, to)
    assert.throws(
      () => refuseUnsound(plan, about),
      (error: unknown) =>
        error instanceof Problem &&
        error.code === 'plan_refused' &&
        error.message.endsWith('Nothing was done; first: cutover delivery L-2 outbox'),
    )
    assert.deepEqual(
      found('outbox').filter(one => one.about === thing.delivery('L-2')),
      [],
    )
  }
})

test('a link that may not lose has no such condition: its plans are what they were', () => {
  for (const to of ['http', 'event'] as const) {
    const conditions = transitionsOf(generatePlan(wordLink, to, [WordChanged])).flatMap(one => one.requires)
    assert.ok(conditions.length > 0 && conditions.every(one => one.about !== thing.delivery('L-2')))
  }
})
