import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordLink as link } from '../../tests/copying.ts'
import { aCopy, anInstance, aReading, openScene } from '../../tests/scene.ts'
import { isInverse, type Inverse, type Verb } from '../plan/verb.ts'
import { dropCopy, makeCopy, quarantineCopy, readingsOver } from './copy.ts'

const inverseOf = ({ inverse }: Verb): Inverse => (isInverse(inverse) ? inverse : assert.fail('there is no way back'))
const withCopy = (state: 'absent' | 'present' | 'quarantined', more = {}) =>
  openScene({ reading: aReading('http', { copy: aCopy(state), ...more }) })

test('a copy is made, and the gate passes once it is there, with how many rows it has', async () => {
  const verb = makeCopy(link)
  const { world, scene } = withCopy('absent')
  assert.deepEqual([(await verb.look(world)).code, (await verb.settled(world, {})).waitsFor?.code], ['copy_now', 'copy_waits'])
  await verb.apply(world, {})
  const { verdict, figures } = await verb.settled(world, {})
  assert.deepEqual([verdict, figures.map(one => [one.name, one.value]), scene.orders], ['pass', [['figure_rows', 3]], ['create copy']])
  assert.equal((await verb.look(world)).code, 'copy_now_done')
})

test('a copy that is out of reach is none: its making waits', async () => {
  assert.equal((await makeCopy(link).settled(withCopy('quarantined').world, {})).verdict, 'not_enough_evidence')
})

test('the way back drops the copy that was made, and leaves the one that was there before', async () => {
  const verb = makeCopy(link)
  for (const [before, orders] of [
    ['absent', ['drop copy']],
    ['present', []],
  ] as const) {
    const { world, scene } = withCopy(before)
    const memo = (await verb.prepare?.(world)) ?? assert.fail()
    scene.reading = aReading('http')
    assert.equal(await inverseOf(verb).rehearse(world, memo), null)
    await inverseOf(verb).apply(world, memo)
    assert.deepEqual([scene.orders, (await inverseOf(verb).settled(world, memo)).verdict], [orders, 'pass'])
  }
})

test('the way back of the making is refused while reads are answered from the copy or compared with it, unless the copy stays', async () => {
  const { rehearse } = inverseOf(makeCopy(link))
  for (const use of [aReading('replica'), aReading('replica', { compares: true }), aReading('http', { compares: true })]) {
    const { world } = openScene({ reading: use })
    assert.deepEqual(await rehearse(world, { had: false }), { code: 'copy_in_use', params: { link: 'L-2' } })
    assert.equal(await rehearse(world, { had: true }), null)
  }
})

test('a copy is put away, and the gate holds as long as it is in its place', async () => {
  const verb = quarantineCopy(link)
  const { world, scene } = withCopy('present')
  assert.deepEqual(
    [(await verb.look(world)).code, (await verb.settled(world, {})).waitsFor?.code],
    ['quarantine_copy_now', 'quarantine_copy_waits'],
  )
  await verb.apply(world, {})
  assert.deepEqual([(await verb.settled(world, {})).verdict, scene.orders], ['pass', ['quarantine copy']])
  assert.deepEqual(await verb.look(world), { code: 'quarantine_copy_now_done', params: { service: 'adding', state: 'quarantined' } })
})

test('the way back takes the copy out again, and holds until it is', async () => {
  const inverse = inverseOf(quarantineCopy(link))
  const { world, scene } = withCopy('quarantined')
  assert.deepEqual([await inverse.rehearse(world, {}), (await inverse.settled(world, {})).verdict], [null, 'not_enough_evidence'])
  await inverse.apply(world, {})
  assert.deepEqual(
    [(await inverse.settled(world, {})).verdict, scene.reading.copy.state, scene.orders],
    ['pass', 'present', ['restore copy']],
  )
})

test('only what nobody has reached for in quarantine is dropped; who did is named, and nothing is dropped', async () => {
  const verb = dropCopy(link)
  const { world, scene } = withCopy('quarantined')
  scene.reading = aReading('http', { copy: aCopy('quarantined', { touches: [{ who: 'nightly', what: 'read', count: 2 }] }) })
  await assert.rejects(
    verb.apply(world, {}),
    /nightly has reached for the copy of L-2 in quarantine \(read, 2 times\).*Nothing was dropped/,
  )
  assert.deepEqual([scene.orders, (await verb.settled(world, {})).waitsFor?.code], [[], 'drop_copy_waits'])
  scene.reading = aReading('http', { copy: aCopy('quarantined') })
  await verb.apply(world, {})
  assert.deepEqual([scene.orders, (await verb.settled(world, {})).verdict], [['drop copy'], 'pass'])
  assert.equal((await verb.look(world)).code, 'drop_copy_now_done')
})

test('there is no way back from the drop, and the plan says so', () => {
  const { inverse } = dropCopy(link)
  assert.deepEqual(inverse, { noReturn: { code: 'drop_copy_no_return', params: { service: 'adding', link: 'L-2' } } })
})

test('a read of an older epoch is over when no live instance has one in flight; that nobody is alive proves nothing', async () => {
  const reading = aReading('http', { epoch: 4 })
  const at = (id: string, epoch?: number) => anInstance(id, [], { readings: epoch === undefined ? {} : { 'L-2': epoch, 'L-3': 9 } })
  const over = async (...adding: ReturnType<typeof at>[]) =>
    readingsOver(openScene({ reading, instances: { adding } }).world, 'L-2', 'adding')
  assert.equal(await over(at('a', 4), at('b', 5)), null)
  assert.deepEqual(await over(at('a', 3), at('b', 4), at('c')), { code: 'read_waits', params: { instances: 'a, c', epoch: 4 } })
  assert.equal((await over())?.code, 'deploy_waits_none')
})
