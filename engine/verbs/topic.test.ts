import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordLink as link } from '../../tests/copying.ts'
import { aTopic, openScene } from '../../tests/scene.ts'
import { isInverse, type Inverse, type Verb } from '../plan/verb.ts'
import { dropTopic, openTopic, quarantineTopic } from './topic.ts'

const inverseOf = ({ inverse }: Verb): Inverse => (isInverse(inverse) ? inverse : assert.fail('there is no way back'))

test('a topic is opened, and the gate says how it stands until it is', async () => {
  const verb = openTopic(link)
  for (const state of ['absent', 'quarantined'] as const) {
    const { world, scene } = openScene({ topic: aTopic(state) })
    const held = await verb.settled(world, {})
    assert.deepEqual(
      [held.verdict, held.waitsFor],
      ['not_enough_evidence', { code: 'topic_waits', params: { event: 'WordChanged', state } }],
    )
    assert.deepEqual(await verb.look(world), { code: 'topic_now', params: { event: 'WordChanged', state } })
    await verb.apply(world, {})
    assert.deepEqual([scene.orders, (await verb.settled(world, {})).verdict], [['open topic'], 'pass'])
    assert.equal((await verb.look(world)).code, 'topic_now_done')
  }
})

test('the way back puts the topic back as it was: dropped where there was none, hidden where it was hidden, open where it was open', async () => {
  const verb = openTopic(link)
  for (const [before, orders] of [
    ['absent', ['open topic', 'drop topic']],
    ['quarantined', ['open topic', 'quarantine topic']],
    ['open', ['open topic']],
  ] as const) {
    const { world, scene } = openScene({ topic: aTopic(before) })
    const memo = (await verb.prepare?.(world)) ?? assert.fail()
    await verb.apply(world, memo)
    assert.equal(await inverseOf(verb).rehearse(world, memo), null)
    await inverseOf(verb).apply(world, memo)
    assert.deepEqual([scene.topic.state, scene.orders, (await inverseOf(verb).settled(world, memo)).verdict], [before, orders, 'pass'])
  }
})

test('a way back that knows nothing of before drops nothing', async () => {
  const { world, scene } = openScene()
  await inverseOf(openTopic(link)).apply(world, {})
  assert.deepEqual(scene.orders, [])
})

test('the way back of the quarantine takes the topic out again, once, and holds until it is open', async () => {
  const inverse = inverseOf(quarantineTopic(link))
  const { world, scene } = openScene({ topic: aTopic('quarantined') })
  assert.deepEqual([await inverse.rehearse(world, {}), (await inverse.settled(world, {})).waitsFor?.code], [null, 'topic_waits'])
  for (let again = 0; again < 2; again++) await inverse.apply(world, {})
  assert.deepEqual([scene.orders, (await inverse.settled(world, {})).verdict], [['restore topic'], 'pass'])
})

test('only what nobody has reached for in quarantine is dropped; who did is named, and what is open again stays', async () => {
  const verb = dropTopic(link)
  const { world, scene } = openScene({ topic: { ...aTopic('quarantined'), touches: [{ who: 'counting-2', what: 'append', count: 4 }] } })
  await assert.rejects(
    verb.apply(world, {}),
    /counting-2 has reached for the topic of WordChanged in quarantine \(append, 4 times\).*Nothing was dropped/,
  )
  assert.equal((await verb.settled(world, {})).waitsFor?.code, 'drop_topic_waits')
  scene.topic = aTopic('open')
  await verb.apply(world, {})
  assert.deepEqual(scene.orders, [])
  scene.topic = aTopic('quarantined')
  await verb.apply(world, {})
  assert.deepEqual(
    [scene.orders, (await verb.settled(world, {})).verdict, (await verb.look(world)).code],
    [['drop topic'], 'pass', 'drop_topic_now_done'],
  )
  assert.equal(isInverse(verb.inverse), false)
})
